"""Debts follow the person: who has which earlier number in HR, kept from night to night, and who only may have one.

Promises: a succession that was certain once stands until somebody ends it, whatever is read since: an identity that is
garbled frees nobody. Never here: a judgement of debts.
"""

from __future__ import annotations

import polars as pl

from connector.mappings.succession import HEIRS, by_identity, closed, namesakes
from connector.model.findings import FINDING_SCHEMA
from connector.model.links import BY_RULE, SAME_ID
from connector.store.links import keep_links, living_links, parted_links
from connector.sync.connections import Desk
from connector.sync.vanishing import facts_json


def heirs_of(desk: Desk, employees: pl.DataFrame, sure: pl.DataFrame, keeps: bool) -> pl.DataFrame:
    """`number, person`: an earlier number in HR, and the number of today, which is among `sure` (`number`).

    `employees`: tonight's. `keeps`: what their identities show is kept for the nights that cannot see it.
    """
    hr = desk.company.by_role("hr")
    if hr is None:
        return pl.DataFrame(schema=HEIRS)
    stored, parted = living_links(desk.store, hr.name), parted_links(desk.store, hr.name)
    seen = by_identity(employees).join(parted, on=["number", "person"], how="anti")
    if keeps:
        keep_links(desk.store, hr.name, seen.with_columns(rule=pl.lit(SAME_ID)), BY_RULE, desk.clock.now())
    new = seen.join(stored, on="number", how="anti")
    known = pl.concat([part.select(list(HEIRS)) for part in (stored, new)])
    return closed(known).join(sure, left_on="person", right_on="number", how="semi")


def number_now(desk: Desk, employee: str) -> str:
    """The number that somebody has today, by what the last nights knew."""
    return numbers_now(desk).get(employee, employee)


def numbers_now(desk: Desk) -> dict[str, str]:
    """Every earlier number, and the one of today, by what the last nights knew."""
    return dict(closed(_stored(desk)).iter_rows())


def earlier_numbers(desk: Desk, employee: str) -> tuple[str, ...]:
    """The numbers that somebody had before, by what the last nights knew."""
    known = closed(_stored(desk))
    return tuple(sorted(known.filter(pl.col("person") == employee)["number"]))


def _stored(desk: Desk) -> pl.DataFrame:
    hr = desk.company.by_role("hr")
    return living_links(desk.store, hr.name if hr else "").select(list(HEIRS))


def possible_rehires(desk: Desk, employees: pl.DataFrame, loans: pl.DataFrame, heirs: pl.DataFrame) -> pl.DataFrame:
    """Findings `identity.possible_rehire`: somebody has left and owes, and somebody of his name was hired since.
    `loans`: canonical, with `person`."""
    owing = loans.filter(pl.col("balance") > 0).select(number="person").drop_nulls()
    owing = owing.join(heirs, on="number", how="anti")
    hr = desk.company.by_role("hr")
    parted = parted_links(desk.store, hr.name if hr else "")
    found = namesakes(employees, owing).join(parted, on=["number", "person"], how="anti")
    rows = [
        ("identity.possible_rehire", "employee", number, number, "hit", facts_json(number=number, candidates=people))
        for number, people in found.group_by("number", maintain_order=True).agg("person").iter_rows()
    ]
    return pl.DataFrame(rows, schema=FINDING_SCHEMA, orient="row")
