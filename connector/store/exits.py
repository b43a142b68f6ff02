"""Exit cases: one row per leaving approval or HR exit, with finance's confirmation and the last ledger fingerprint."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from connector.reconcile.clearance import Case, Confirmation
from connector.store.bulk import insert_rows
from connector.store.database import Store
from connector.store.tables import exit_case


def cases(store: Store) -> dict[tuple[str, str], tuple[Case, str]]:
    """(system, ref) → (case, ledger fingerprint of the last look)."""
    with store.engine.connect() as conn:
        rows = conn.execute(sa.select(exit_case).where(exit_case.c.company == store.company)).mappings().all()
    return {(row["system"], row["ref"]): (_case(row), row["fingerprint"]) for row in rows}


def _case(row: sa.RowMapping) -> Case:
    confirmation = None
    if row["confirmed_by"] and row["confirmed_at"]:
        confirmation = Confirmation(row["confirmed_by"], row["confirmed_at"], row["confirmed_fingerprint"])
    return Case(
        row["system"], row["ref"], row["number"], row["employee"], row["state"], row["opened_on"], row["ever_owed"],
        confirmation,
    )


def keep_cases(store: Store, looked_at: Iterable[tuple[Case, str]]) -> None:
    """Write cases after a look, with their fingerprints, in one transaction."""
    rows = [_values(store.company, case, fingerprint) for case, fingerprint in looked_at]
    if not rows:
        return
    gone = exit_case.delete().where(
        exit_case.c.company == store.company, exit_case.c.system == sa.bindparam("of_system"),
        exit_case.c.ref == sa.bindparam("of_ref"),
    )
    with store.engine.begin() as conn:
        conn.execute(gone, [{"of_system": row["system"], "of_ref": row["ref"]} for row in rows])
        insert_rows(conn, exit_case, rows)


def _values(company: str, case: Case, fingerprint: str) -> dict[str, object]:
    confirmed = case.confirmation
    return {
        "company": company, "system": case.system, "ref": case.ref, "number": case.number, "employee": case.employee,
        "state": case.state, "opened_on": case.opened_on, "ever_owed": case.ever_owed, "fingerprint": fingerprint,
        "confirmed_by": confirmed.by if confirmed else "", "confirmed_at": confirmed.at if confirmed else None,
        "confirmed_fingerprint": confirmed.fingerprint if confirmed else "",
    }


def confirm(store: Store, case: Case, by: str, fingerprint: str, now: datetime) -> None:
    """Finance's confirmation of a case, bound to the ledger as it stood at the last look."""
    with store.engine.begin() as conn:
        conn.execute(
            exit_case.update()
            .where(exit_case.c.company == store.company, exit_case.c.system == case.system, exit_case.c.ref == case.ref)
            .values(confirmed_by=by, confirmed_at=now, confirmed_fingerprint=fingerprint)
        )


def move(store: Store, system: str, ref: str, state: str, *, owed: bool = False) -> None:
    """A case's state after a write; `owed`: the last look before it found another ledger, finance is asked again."""
    void: dict[str, object] = {
        "ever_owed": True, "confirmed_by": "", "confirmed_at": None, "confirmed_fingerprint": "",
    }
    values: dict[str, object] = {"state": state} | (void if owed else {})
    with store.engine.begin() as conn:
        conn.execute(
            exit_case.update()
            .where(exit_case.c.company == store.company, exit_case.c.system == system, exit_case.c.ref == ref)
            .values(**values)
        )
