"""What the last nights read and kept, as rows to be handed out: loans, employees, exits. Reads only our own store.

Bulk stays in frames and is handed out slice by slice. A salary or a phone number is not even read from disk.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from connector.errors import StateError
from connector.store.exits import cases
from connector.store.links import stored_links
from connector.store.snapshots import SnapshotRow, last_complete
from connector.sync.connections import Desk
from connector.sync.succession import numbers_now

# Rows that are Python objects at a time.
_SLICE = 5_000
_EMPLOYEE = (
    "number", "name", "department", "position", "manager", "hired_on", "status", "last_day", "exit_requested_on",
    "system", "ref", "seen_at",
)
_LOAN = (
    "number", "employee", "kind", "principal", "balance", "currency", "lent_on", "due_on", "system", "ref", "seen_at",
)

Rows = Iterator[dict[str, object]]


def employees(desk: Desk) -> Rows:
    """Everybody in the last complete HR read."""
    return _handed_out(_read(desk, "hr", "employee").select(_EMPLOYEE).sort("number"))


def loans(desk: Desk) -> Rows:
    """Every open item of the last complete read; `employee` is HR's number where the link is known."""
    finance = desk.company.by_role("finance")
    links = stored_links(desk.store, finance.name if finance else "").with_columns(
        pl.col("person").replace(numbers_now(desk))
    ).lazy()
    people = _people(desk).lazy()
    found = (
        _read(desk, "finance", "open_item").select(_LOAN)
        .join(links, left_on="employee", right_on="number", how="left")
        .with_columns(employee=pl.coalesce("person", "employee"))
        .join(people, left_on="person", right_on="person_number", how="left")
        .sort("employee", "number")
    )
    return _handed_out(found)


def exits(desk: Desk) -> Rows:
    """Every case, live or ended, with what the last complete reads say of the person and the form."""
    people = {row["person_number"]: row for row in _people(desk).iter_rows(named=True)}
    forms = _forms(desk)
    for (system, ref), (case, _) in sorted(cases(desk.store).items()):
        confirmed = case.confirmation
        yield people.get(case.employee, {}) | forms.get((system, ref), {}) | {
            "number": case.number, "employee": case.employee, "state": case.state, "opened_on": case.opened_on,
            "ever_owed": case.ever_owed, "system": system, "ref": ref,
            "confirmed_by": confirmed.by if confirmed else None, "confirmed_at": confirmed.at if confirmed else None,
        }


def names(desk: Desk) -> dict[str, str]:
    """Employee number → name, of the last complete HR read; empty when there is none."""
    return dict(_people(desk).select("person_number", pl.col("name").fill_null("")).iter_rows())


def _snapshot(desk: Desk, role: str, stream: str) -> SnapshotRow | None:
    connection = desk.company.by_role(role)
    return last_complete(desk.store, connection.name, stream) if connection is not None else None


def _read(desk: Desk, role: str, stream: str) -> pl.LazyFrame:
    found = _snapshot(desk, role, stream)
    if found is None:
        raise StateError(f"no night has read `{stream}` to its end yet", mend="connector plan")
    return pl.scan_parquet(found.path)


def _people(desk: Desk) -> pl.DataFrame:
    found = _snapshot(desk, "hr", "employee")
    columns = {"person_number": pl.String, "name": pl.String, "department": pl.String, "status": pl.String}
    if found is None:
        return pl.DataFrame(schema=columns)
    wanted = pl.scan_parquet(found.path).select("name", "department", "status", person_number="number")
    return wanted.unique("person_number", keep="first", maintain_order=True).collect()


def _forms(desk: Desk) -> dict[tuple[str, str], dict[str, object]]:
    found = _snapshot(desk, "oa", "exit")
    if found is None:
        return {}
    rows = pl.read_parquet(found.path, columns=["system", "ref", "last_day", "gate"]).iter_rows(named=True)
    return {(row["system"], row["ref"]): {"last_day": row["last_day"], "gate": row["gate"]} for row in rows}


def _handed_out(wanted: pl.LazyFrame) -> Rows:
    for part in wanted.collect().iter_slices(_SLICE):
        yield from part.iter_rows(named=True)
