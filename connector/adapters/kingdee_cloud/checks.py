"""Five looks at a connection, each resting on the one before: reach, login, permission, fields, clock.

Writes nothing. Begins with an empty cookie jar, because a live session hides a broken credential.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from connector.adapters.contract import Check, Clock
from connector.adapters.kingdee_cloud import wire
from connector.adapters.kingdee_cloud.changes import MODIFIED
from connector.adapters.kingdee_cloud.connection import EMPLOYEES, KingdeeForm
from connector.adapters.kingdee_cloud.control import REPORT, Control, Report
from connector.adapters.kingdee_cloud.enrichment import DATES
from connector.adapters.kingdee_cloud.ledger import Ledger
from connector.adapters.kingdee_cloud.reading import FORMS, Form, fields_of, fields_of_form
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kingdee_cloud.sinks import mark_places
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
        self, channel: Channel, session: Session, mappings: Mapping[str, StreamMapping], form: KingdeeForm,
        clock: Clock,
    ) -> None:
        self._channel, self._session, self._mappings = channel, session, mappings
        self._form, self._clock = form, clock
        self._marks = mark_places(form)
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
        """Every form can be queried; an employee is seen, for rights filter rows without a word; the ledger's report
        shows the configured accounts."""
        read = {form.form_id for forms in self._forms().values() for form in forms}
        for form_id in sorted(read | {place.form_id for place, _ in self._marks}):
            seen = self._session.rows(wire.Query(form_id, ("FID",), limit=1)).height
            if form_id == EMPLOYEES and not seen:
                return Check("permission", False, f"{EMPLOYEES}: 0 rows", f"{_MEND}.no_rows")
        today = self._clock.now().date()
        report = Report(self._session, self._form)
        is_ledger = self._form.route == "ledger"
        pages = Ledger(report).pages(today, None) if is_ledger else Control(report).pages(today)
        if not any(page.rows.height for page in pages):
            shown = f"{REPORT}: nothing on {', '.join(self._form.accounts)}"
            return Check("permission", False, shown, f"{_MEND}.accounts")
        return Check("permission", True)

    def _fields(self) -> Check:
        needed, optional = self._missing()
        if needed:
            return Check("fields", False, "; ".join(needed), f"{_MEND}.fields")
        return Check("fields", True, "not there, optional: " + "; ".join(optional) if optional else "")

    def _missing(self) -> tuple[list[str], list[str]]:
        """`FORM: FIELD` that is mapped and not there, flag fields with what to create; the needed and the optional."""
        needed: dict[str, None] = {}
        optional: dict[str, None] = {}
        for form_id, wanted in self._wanted().items():
            known = fields_of_form(self._session, form_id)
            for field, is_optional in wanted.items():
                if field.partition(".")[0].lower() not in known:
                    (optional if is_optional else needed)[f"{form_id}: {field}{self._kind(form_id, field)}"] = None
        return list(needed), list(optional)

    def _wanted(self) -> dict[str, dict[str, bool]]:
        """Form → field → whether the form may do without it."""
        wanted: dict[str, dict[str, bool]] = {}
        for stream, forms in self._forms().items():
            optional = {field.source for field in self._mappings[stream].fields if field.is_optional}
            for form in forms:
                named = fields_of(self._mappings[stream], form.form_id).items()
                wanted.setdefault(form.form_id, {}).update(
                    {name: source in optional for source, name in named if name != "FID"}
                )
        if self._form.full_every_days > 1:
            for fields in wanted.values():
                fields[MODIFIED] = False
        for place, shape in self._marks:
            own = (place.number, *([place.employee] if place.employee else [])) if place.is_own else ()
            wanted.setdefault(place.form_id, {}).update(dict.fromkeys((*own, *shape.fields), False))
        return wanted

    def _forms(self) -> dict[str, tuple[Form, ...]]:
        """Stream → forms that are read on the connection's route; the ledger's control total adds up open items."""
        unread = {"open_item"} if self._form.route == "bills" else set()
        return {stream: forms for stream, forms in FORMS.items() if stream not in unread}

    def _kind(self, form_id: str, field: str) -> str:
        """What to create in the BOS designer, for a field of ours."""
        if form_id not in {place.form_id for place, _ in self._marks}:
            return ""
        kinds = {getattr(self._form.flags, part): kind for part, kind in _KINDS.items()}
        kinds |= {name: "date" if key in DATES else "text" for key, name in self._form.enrichment.named.items()}
        return f" ({kinds[field]})" if field in kinds else ""

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
