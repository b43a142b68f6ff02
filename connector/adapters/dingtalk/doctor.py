"""Whether a connection works, stage by stage, each with a way to mend it. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from connector.adapters.contract import Check
from connector.adapters.dingtalk import listing, personnel_wire, wire
from connector.adapters.dingtalk.connection import DingTalkForm
from connector.adapters.dingtalk.instances import Gate, shows_node
from connector.adapters.dingtalk.marks import Marks
from connector.adapters.dingtalk.session import Session
from connector.errors import AuthError, ConfigError, ConnectorError, RejectedError

# Beyond this the tokens' life and the windows of a day cannot be trusted any more.
_CLOCK_S = 60
# Running exits looked at to see the clearance node once.
_LOOKED_AT = 5


class Doctor:
    """Stages: reach, login, permission, fields (templates and node), service_user, roster and attendance where they are
    switched on, clock."""

    def __init__(self, form: DingTalkForm, session: Session, marks: Marks, gate: Gate) -> None:
        self._form, self._session, self._marks, self._gate = form, session, marks, gate

    def examine(self, now: datetime) -> list[Check]:
        """Stops at the first stage that fails."""
        done: list[Check] = []
        stages: list[Callable[[], list[Check]]] = [
            lambda: self._listing(now),
            lambda: self._node(now),
            self._service_user,
            self._people,
            self._clock,
        ]
        for stage in stages:
            done += stage()
            if not done[-1].passed:
                break
        return done

    def _listing(self, now: datetime) -> list[Check]:
        start = int((now - timedelta(days=1)).timestamp() * 1000)
        passed = [Check("reach", True), Check("login", True)]
        for code in (self._form.process_codes.exit, self._form.process_codes.loan):
            try:
                wire.ids_of(self._session.send(wire.list_ids(code, start, None, "0", 1), is_urgent=True))
            except AuthError as error:
                return [Check("reach", True), Check("login", False, str(error), "dingtalk.mend.bad_login")]
            except RejectedError as error:
                found = f"{code}: {error}"
                passed.append(Check("permission", True))
                return [*passed, Check("fields", False, found, "dingtalk.mend.bad_template")]
            except ConfigError as error:
                if error.place.startswith(("base_url", "ca_file", "cidrs", "pins")) or "//" in error.place:
                    return [Check("reach", False, str(error), "dingtalk.mend.not_reached")]
                return [*passed, Check("permission", False, str(error), "dingtalk.mend.no_right")]
            except ConnectorError as error:
                return [Check("reach", False, str(error), "dingtalk.mend.not_reached")]
        return [*passed, Check("permission", True)]

    def _node(self, now: datetime) -> list[Check]:
        """Whether a running exit shows the node; that none has come so far proves nothing bad."""
        try:
            running = listing.list_ids(
                self._session, self._form.process_codes.exit, now, self._form.page, ("RUNNING",)
            )
            looked_at = running[:_LOOKED_AT]
            seen = any(shows_node(self._marks.read_instance(ref), self._gate) for ref in looked_at)
        except ConnectorError as error:
            return [Check("fields", False, str(error), "dingtalk.mend.bad_template")]
        if seen:
            return [Check("fields", True, f"{self._form.exit_node}: {len(running)} running")]
        return [
            Check(
                "fields", True, f"{len(running)} running, {self._form.exit_node} not seen on {len(looked_at)}"
            )
        ]

    def _service_user(self) -> list[Check]:
        try:
            found = wire.user_of(self._session.send(wire.read_user(self._form.service_user), is_urgent=True))
        except ConnectorError as error:
            return [Check("service_user", False, str(error), "dingtalk.mend.no_service_user")]
        return [Check("service_user", True, str(found.get("name") or self._form.service_user))]

    def _people(self) -> list[Check]:
        """Where the roster or attendance is switched on: whether the app may read it, and the report has the column."""
        done: list[Check] = []
        try:
            if self._form.roster or self._form.attendance:
                found = self._session.send(personnel_wire.list_on_job(personnel_wire.AT_WORK, "0"), is_urgent=True)
                users, _ = personnel_wire.on_job_of(found)
                call = personnel_wire.read_roster(int(self._form.agent_id), users[:1])
                numbered = personnel_wire.roster_of(self._session.send(call, is_urgent=True)) if users else {}
                done.append(Check("roster", True, f"{len(users)} people on the first page, {len(numbered)} read"))
            if self._form.attendance:
                columns = personnel_wire.columns_of(self._session.send(personnel_wire.list_columns(), is_urgent=True))
                is_there = self._form.late_column in columns
                mend = "" if is_there else "dingtalk.mend.no_late_column"
                done.append(Check("attendance", is_there, ", ".join(columns)[:200], mend))
        except ConnectorError as error:
            return [*done, Check("attendance" if done else "roster", False, str(error), "dingtalk.mend.no_people")]
        return done

    def _clock(self) -> list[Check]:
        if self._session.server_time is None:
            return [Check("clock", True, "no Date header")]
        theirs, ours = self._session.server_time
        away = abs((theirs - ours).total_seconds())
        if away > _CLOCK_S:
            return [Check("clock", False, f"{away:.0f} s", "dingtalk.mend.clock")]
        return [Check("clock", True, f"{away:.0f} s")]
