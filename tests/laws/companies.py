"""Drawn companies for the laws: small, odd, and complete; and what can be taken away from what is known of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from connector.model.runs import NightRecord
from connector.sync.nightly import run_night
from tests.fakes import (
    AS_OF,
    House,
    approval_row,
    employee_row,
    exit_row,
    finance,
    hr,
    item_row,
    oa,
    open_house,
    person_row,
    request_row,
)

PEOPLE = [f"{n:02d}" for n in range(1, 9)]
LAW = settings(max_examples=25, deadline=None, derandomize=True)

_balances = st.sampled_from(["0.00", "0.01", "300.00", "5000.00", "5000.01", "28000.00", "-12.50"])


@st.composite
def companies(draw: st.DrawFn) -> dict[str, Any]:
    """Tables by system: eight people, up to eight loans (some on wrong numbers), up to four exits."""
    loans = draw(st.lists(st.tuples(st.sampled_from([*PEOPLE, "99"]), _balances, st.integers(0, 400)), max_size=8))
    leavers = draw(st.lists(st.sampled_from(PEOPLE), max_size=4, unique=True))
    drawn = {p: draw(st.sampled_from(["active", "active", "left"])) for p in PEOPLE}
    statuses = drawn | dict.fromkeys(leavers, "leaving")
    salaries = {p: draw(st.sampled_from(["10000.00", "600.00", None])) for p in PEOPLE}
    names = {p: draw(st.sampled_from([f"名字{p}", f"名字{p}", f"名字{p}", "换名"])) for p in PEOPLE}
    items = [
        item_row(f"L{n}", who, balance, currency=draw(st.sampled_from(["CNY", "CNY", "USD"])),
                 lent_on=(AS_OF - timedelta(days=ago)).isoformat())
        for n, (who, balance, ago) in enumerate(loans)
    ]
    approved = [item["number"] for item in items if draw(st.booleans())]
    return {
        "employee": [employee_row(p, status=statuses[p], monthly_salary=salaries[p]) for p in PEOPLE],
        "person": [person_row(p, name=names[p]) for p in PEOPLE],
        "open_item": items,
        "request": [request_row(i["number"], i["employee"]) for i in items],
        "approval": [approval_row(number) for number in approved],
        "exit": [exit_row(f"E{p}", p, gate=draw(st.sampled_from(["open", "open", "not_reached", "absent"])))
                 for p in leavers],
    }


@contextmanager
def house_of(tables: dict[str, Any]) -> Iterator[House]:
    """A desk over the drawn tables, its store in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(
            Path(folder),
            finance(
                **{n: [dict(r) for r in tables[n]] for n in ("person", "open_item", "request")},
                payout=[], repayment=[],
            ),
            oa(**{n: [dict(r) for r in tables[n]] for n in ("exit", "approval")}),
            hr(employee=[dict(r) for r in tables["employee"]]),
        )
        house.balance_books()
        try:
            yield house
        finally:
            house.desk.store.engine.dispose()


def live(house: House, as_of: date = AS_OF) -> NightRecord:
    return run_night(house.desk, as_of, "live")


def look(house: House, as_of: date = AS_OF) -> NightRecord:
    return run_night(house.desk, as_of, "observe")


def released(record: NightRecord) -> set[str]:
    """Exits that the plan would let go, held groups included."""
    held = [a for g in record.plan["held"] for a in g["actions"]]
    return {a["ref"] for a in [*record.plan["actions"], *held] if a["kind"] == "exit_hold" and a["verb"] == "remove"}


def planned(record: NightRecord) -> list[tuple[str, str, str, str]]:
    held = [a for g in record.plan["held"] for a in g["actions"]]
    return sorted((a["target"], a["kind"], a["ref"], a["verb"]) for a in [*record.plan["actions"], *held])
