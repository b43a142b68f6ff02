"""Five looks at a connection, each resting on the one before: reach, login, permission, fields, clock.

Writes nothing. Begins with an empty cookie jar, because a live session hides a broken credential.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from connector.adapters.contract import Check, Clock
from connector.adapters.kingdee_cloud import wire
from connector.adapters.kingdee_cloud.connection import FlagFields
from connector.adapters.kingdee_cloud.reading import EMPLOYEES, FORMS, fields_of
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kit.http import Channel, Request, http_date
from connector.errors import AuthError, ConfigError, ConnectorError, RetryableError
from connector.mappings.table import StreamMapping

# Beyond this the vendor's gateway refuses signatures (it allows five minutes), and evidence gets wrong times.
CLOCK_OFF_S = 60
_MEND = "kingdee_cloud.mend"
# What to create in the BOS designer, by the flag's part.
_KINDS = {"flag": "check box", "codes": "text", "level": "text", "text": "text", "as_of": "date"}


class Checks:
    """One pass over all stages."""

    def __init__(
        self, channel: Channel, session: Session, mappings: Mapping[str, StreamMapping], flags: FlagFields,
        clock: Clock,
    ) -> None:
        self._channel, self._session, self._mappings = channel, session, mappings
        self._flags, self._clock = flags, clock
        self._server_time: datetime | None = None

    def run(self) -> list[Check]:
        """Stages in order, up to the first that fails."""
        stages: list[tuple[str, Callable[[], Check]]] = [
            ("reach", self._reach), ("login", self._login), ("permission", self._permission),
            ("fields", self._fields), ("clock", self._clock_offset),
        ]
        found: list[Check] = []
        for name, stage in stages:
            try:
                found.append(stage())
            except ConnectorError as error:
                found.append(Check(name, False, str(error), f"{_MEND}.{_mend_of(name, error)}"))
            if not found[-1].passed:
                break
        return found

    def _reach(self) -> Check:
        """Does anybody answer under this address? This service asks for no credential."""
        sent = Request("POST", wire.DATA_CENTERS, None, {"Content-Type": "application/json"}, b"{}")
        response = self._channel.send(sent)
        self._server_time = http_date(response.headers.get("date", ""))
        if response.status == 404 or response.body.lstrip()[:1] == b"<":
            return Check("reach", False, f"status {response.status}, no Kingdee service", f"{_MEND}.base_url")
        return Check("reach", True, f"{self._channel.origin.url}/")

    def _login(self) -> Check:
        self._session.rows(wire.Query(EMPLOYEES, ("FNumber",), limit=1))
        return Check("login", True)

    def _permission(self) -> Check:
        """Every form can be queried, and at least one employee is seen: rights filter rows without a word."""
        for form_id in sorted({form.form_id for forms in FORMS.values() for form in forms}):
            seen = self._session.rows(wire.Query(form_id, ("FID",), limit=1)).height
            if form_id == EMPLOYEES and not seen:
                return Check("permission", False, f"{EMPLOYEES}: 0 rows", f"{_MEND}.no_rows")
        return Check("permission", True)

    def _fields(self) -> Check:
        missing = list(self._missing())
        if missing:
            return Check("fields", False, "; ".join(missing), f"{_MEND}.fields")
        return Check("fields", True)

    def _missing(self) -> Iterator[str]:
        """`FORM: FIELD` that is mapped and not there, and flag fields with what to create."""
        for form_id, wanted in self._wanted().items():
            known = self._known(form_id)
            for field in wanted:
                if field.partition(".")[0].lower() not in known:
                    yield f"{form_id}: {field}{self._kind(form_id, field)}"

    def _known(self, form_id: str) -> frozenset[str]:
        return self._session.call(
            wire.BUSINESS_FORM, wire.business_form_body(form_id),
            lambda response: wire.read_business_form(response, f"kingdee_cloud {form_id}"),
        )

    def _wanted(self) -> dict[str, list[str]]:
        wanted: dict[str, list[str]] = {}
        for stream, forms in FORMS.items():
            for form in forms:
                names = list(fields_of(self._mappings[stream], form.form_id).values())
                wanted.setdefault(form.form_id, []).extend(name for name in names if name != "FID")
        wanted[EMPLOYEES].extend(self._flags.all)
        return {form_id: list(dict.fromkeys(names)) for form_id, names in wanted.items()}

    def _kind(self, form_id: str, field: str) -> str:
        if form_id != EMPLOYEES:
            return ""
        parts = {getattr(self._flags, part): kind for part, kind in _KINDS.items()}
        return f" ({parts[field]})" if field in parts else ""

    def _clock_offset(self) -> Check:
        if self._server_time is None:
            return Check("clock", True, "the server tells no time")
        off = round((self._server_time - self._clock.now()).total_seconds())
        passed = abs(off) <= CLOCK_OFF_S
        return Check("clock", passed, f"{off:+d} s", "" if passed else f"{_MEND}.clock")


def _mend_of(stage: str, error: ConnectorError) -> str:
    if stage == "reach":
        return "network" if isinstance(error, ConfigError) else "base_url"
    if isinstance(error, RetryableError):
        return "later"
    if isinstance(error, AuthError):
        return "credential"
    return {"login": "credential", "permission": "permission", "fields": "fields"}.get(stage, "later")
