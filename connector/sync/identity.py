"""Whose number it is, decided by a person: a link made, a link ended, and the cases that wait for such a decision.

Promises: what is decided is written down with who, when and why; a number or employee that no system was read to have
is refused, with those that come near. Never here: a rule that links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from shlex import quote
from typing import Any

import polars as pl

from connector.errors import StateError
from connector.mappings.link import masked
from connector.model.faults import fault
from connector.model.links import PERSON, SUCCEEDS, Link
from connector.store.audit import write_line
from connector.store.links import end_link, history_of, living, living_links, make_link
from connector.store.snapshots import last_complete
from connector.sync.connections import Connection, Desk
from connector.sync.succession import numbers_now

# Numbers named when one is not known: as many as can be read at a glance.
_NEAR = 5
# Streams of finance in which a number may stand, and the column of it.
_IN_FINANCE = (("person", "number"), ("open_item", "employee"), ("payout", "employee"), ("request", "employee"))
_NO_STAFF = pl.DataFrame(schema={"number": pl.String, "name": pl.String, "status": pl.String})


@dataclass(frozen=True)
class Choice:
    """Somebody who may be meant, and the command that says so ("" = none can)."""

    employee: str
    name: str
    status: str
    command: str


@dataclass(frozen=True)
class OpenCase:
    """A case that a person has to settle. `kind`: unlinked, disputed, vanished, possible_rehire; `subjects`: loans,
    exits or employees that wait for it."""

    kind: str
    over: str
    number: str
    subjects: tuple[str, ...]
    choices: tuple[Choice, ...]


def link_by_hand(desk: Desk, number: str, employee: str, by: str, why: str) -> tuple[Link, Link | None]:
    """`number` of finance is `employee` of HR from now on. Returns the link, and the one it ended."""
    finance = _connection(desk, "finance")
    names = _names_in_finance(desk, finance)
    _known(number, names, finance.name, "identity.unknown_number")
    staff = staff_of(desk)
    _known(employee, staff["number"].to_list(), _connection(desk, "hr").name, "identity.unknown_employee")
    return _made(desk, finance, number, employee, by, why)


def succeed_by_hand(desk: Desk, old: str, new: str, by: str, why: str) -> tuple[Link, Link | None]:
    """Whoever had `old` in HR has `new` now: his debts follow."""
    hr = _connection(desk, "hr")
    known = staff_of(desk)["number"].to_list()
    before = set(living_links(desk.store, _connection(desk, "finance").name)["person"])
    _known(old, [*known, *before], hr.name, "identity.unknown_employee")
    _known(new, known, hr.name, "identity.unknown_employee")
    heirs = dict(living_links(desk.store, hr.name).select("number", "person").iter_rows())
    at: str | None = new
    while at is not None:
        if at == old:
            raise fault(StateError, "identity.circle", f"{hr.name} {old}", old=old, new=new)
        at = heirs.get(at)
    return _made(desk, hr, old, new, by, why, SUCCEEDS)


def unlink_by_hand(desk: Desk, number: str, by: str, why: str, succeeds: bool = False) -> Link:
    """The link of `number` ends; no rule links this pair again. `succeeds`: of HR's own earlier number."""
    connection = _connection(desk, "hr" if succeeds else "finance")
    standing = living(desk.store, connection.name, number)
    if standing is None:
        linked = living_links(desk.store, connection.name)["number"].to_list()
        ended = history_of(desk.store, connection.name, number)
        code = "identity.ended" if ended else "identity.not_linked"
        facts = {"by": ended[-1].ended_by, "at": f"{ended[-1].ended_at:%Y-%m-%d}"} if ended else {}
        raise fault(StateError, code, f"{connection.name} {number}", number=number, near=near(number, linked), **facts)
    now = desk.clock.now()
    end_link(desk.store, standing, by, why, now)
    write_line(desk.store, by, "unlink", {
        "system": connection.name, "number": number, "employee": standing.person, "rule": standing.rule, "why": why,
    }, now)
    return standing


def _made(
    desk: Desk, connection: Connection, number: str, person: str, by: str, why: str, rule: str = PERSON
) -> tuple[Link, Link | None]:
    standing = living(desk.store, connection.name, number)
    if standing is not None and (standing.person, standing.rule) == (person, rule):
        facts = {"number": number, "employee": person, "by": standing.by, "at": f"{standing.at:%Y-%m-%d}"}
        raise fault(StateError, "identity.linked_already", f"{connection.name} {number}", **facts)
    made = Link(connection.name, number, person, rule, "", why, by, desk.clock.now())
    before = make_link(desk.store, made)
    write_line(desk.store, by, "link", {
        "system": connection.name, "number": number, "employee": person, "rule": rule, "why": why,
        "before": before.person if before else None,
    }, made.at)
    return made, before


def open_cases(desk: Desk, findings: Iterable[Mapping[str, Any]]) -> list[OpenCase]:
    """The cases of the last night that nobody has settled since. `findings`: documents of that night."""
    finance = desk.company.by_role("finance")
    linked = living_links(desk.store, finance.name if finance else "").filter(pl.col("rule") == PERSON)
    settled, followed = set(linked["number"]), set(numbers_now(desk))
    staff = {row["number"]: row for row in staff_of(desk).iter_rows(named=True)}
    grouped: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for finding in findings:
        area, _, kind = str(finding["rule"]).partition(".")
        number = str(finding["facts"].get("number") or finding["subject"])
        is_settled = number in {"loan": settled, "employee": followed}.get(finding["over"], ())
        if area == "identity" and finding["verdict"] == "hit" and not is_settled:
            grouped.setdefault((kind, finding["over"], number), []).append(finding)
    return [_case(kind, over, number, mine, staff) for (kind, over, number), mine in sorted(grouped.items())]


def _case(
    kind: str, over: str, number: str, mine: list[Mapping[str, Any]], staff: Mapping[str, Mapping[str, Any]]
) -> OpenCase:
    named = sorted({person for finding in mine for person in finding["facts"].get("candidates") or ()})
    choices = tuple(_choice(kind, over, number, person, staff.get(person, {})) for person in named)
    return OpenCase(kind, over, number, tuple(sorted(finding["subject"] for finding in mine)), choices)


def _choice(kind: str, over: str, number: str, person: str, row: Mapping[str, Any]) -> Choice:
    command = link_command(number, person) if over == "loan" and kind != "vanished" else ""
    if kind == "possible_rehire":
        command = link_command(number, person, "--succeeds ")
    return Choice(person, row.get("name") or "", row.get("status") or "unknown", command)


def link_command(number: str, employee: str, option: str = "") -> str:
    """The command by which a person says that this number is this employee."""
    return f"connector link {option}{quote(number)} {quote(employee)} --by NAME --why TEXT"


def staff_of(desk: Desk) -> pl.DataFrame:
    """`number, name, status` of HR's employees as they were last read in full, names masked."""
    connection = desk.company.by_role("hr")
    earlier = last_complete(desk.store, connection.name, "employee") if connection else None
    if earlier is None:
        return _NO_STAFF
    return pl.read_parquet(earlier.path, columns=list(_NO_STAFF.columns)).with_columns(name=masked("name"))


def near(wanted: str, known: Iterable[str]) -> str:
    """What comes near, for an error; "–" when nothing does."""
    return ", ".join(get_close_matches(wanted, sorted(set(known)), _NEAR, cutoff=0.5)) or "–"


def _names_in_finance(desk: Desk, finance: Connection) -> set[str]:
    """Every number that finance was last read to have."""
    found: set[str] = set()
    for stream, column in _IN_FINANCE:
        earlier = last_complete(desk.store, finance.name, stream)
        if earlier is not None:
            found |= set(pl.read_parquet(earlier.path, columns=[column])[column].drop_nulls())
    return found


def _known(number: str, known: Iterable[str], system: str, code: str) -> None:
    names = set(known)
    if not names:
        raise fault(StateError, "identity.never_read", system)
    if number not in names:
        raise fault(StateError, code, f"{system} {number}", number=number, near=near(number, names))


def _connection(desk: Desk, role: str) -> Connection:
    found = desk.company.by_role(role)
    if found is None:
        raise fault(StateError, "identity.no_system", role)
    return found
