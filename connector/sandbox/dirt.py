"""What is added to a dealt company on purpose: loans that sit on a limit, and what is wrong in real folders.

Promises: a dirty company has every kind of it at least once. Never here: a rule; the limits stand here again.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from connector.sandbox.deal import Deal, deal_loan, employee_number, fen_of, iso, money, repay
from connector.sandbox.folder import Row

# What a day of a trip allows, fen.
_TRIP_RATE = 30_000
# How far back loans are counted, and approvals looked for, months.
_WINDOW, _APPROVALS = 6, 24


def sit_on_thresholds(deal: Deal) -> None:
    """Loans just under, at and just over each limit, on people of their own without any other loan."""
    free = _debtless(deal)
    for case in (_over_half, _over_half_in_two, _over_trip, _around_due, _around_window):
        for more in (-1, 0, 1):
            if free:
                case(deal, free.pop(0), more)


def _debtless(deal: Deal) -> list[Row]:
    borrowers = {loan["employee"] for loan in deal.tables["loans"]}
    return [
        one for one in deal.tables["employees"] if one["monthly_salary"] and one["number"] not in borrowers
    ]


def _over_half(deal: Deal, person: Row, more: int) -> None:
    half = (fen_of(person["monthly_salary"]) or 0) // 2
    lent_on, due_on = iso(deal.as_of - timedelta(days=9)), iso(deal.as_of + timedelta(days=9))
    _loan_at(deal, person, principal=money(half + more), lent_on=lent_on, due_on=due_on)


def _over_half_in_two(deal: Deal, person: Row, more: int) -> None:
    """Two loans of one day and purpose, each far below half of the salary, around it together."""
    half = (fen_of(person["monthly_salary"]) or 0) // 2
    day = iso(deal.as_of - timedelta(days=12))
    for part in (half - half // 3, half // 3 + more):
        _loan_at(deal, person, principal=money(part), lent_on=day, purpose="展会布置")


def _over_trip(deal: Deal, person: Row, more: int) -> None:
    start, days = deal.as_of - timedelta(days=6), 2
    trip = {"trip_start": iso(start), "trip_end": iso(start + timedelta(days=days - 1)), "kind": "travel"}
    _loan_at(deal, person, principal=money(days * _TRIP_RATE + more), **trip)


def _around_due(deal: Deal, person: Row, more: int) -> None:
    _loan_at(deal, person, principal="100.00", due_on=iso(deal.as_of - timedelta(days=more)))


def _around_window(deal: Deal, person: Row, more: int) -> None:
    """Three recent loans, and a fourth around the day half a year ago, when the window opens."""
    edge = _months_before(deal.as_of, _WINDOW) + timedelta(days=more)
    for lent_on in (*(deal.as_of - timedelta(days=n) for n in (3, 4, 5)), edge):
        _loan_at(deal, person, principal="10.00", lent_on=iso(lent_on))


def _loan_at(deal: Deal, person: Row, **fixed: str) -> None:
    plain = {"lent_on": iso(deal.as_of - timedelta(days=10)), "currency": "CNY", "kind": "business"}
    plain |= {"trip_start": "", "trip_end": "", "due_on": iso(deal.as_of + timedelta(days=30))}
    cells = plain | fixed
    lent_on = date.fromisoformat(cells["lent_on"])
    cells["applied_on"] = iso(lent_on - timedelta(days=5))
    deal_loan(deal, person["number"], None, **cells)


def add_dirt(deal: Deal) -> None:
    """What one finds in every real folder at least once, whatever the dice said."""
    recent = iso(deal.day(-60, -10))
    deal_loan(deal, "X90001", 800_000)
    deal_loan(deal, f"{employee_number(0)}X", 800_000, principal="321.00", lent_on=recent)
    deal.add(
        "exits", number="LZ99999", employee="X90001", requested_on=iso(deal.as_of), last_day="",
        kind="resignation", status="running", gate="open",
    )  # fmt: skip
    twin = deal.dice.choice(deal.tables["employees"])
    deal.add("employees", **(twin | {"name": twin["name"] + "二", "mobile": ""}))
    deal_loan(deal, twin["number"], 800_000, lent_on=recent, currency="CNY")
    _rehire(deal)
    _rehire_as_before(deal)
    _loan_with(deal, currency="USD", lent_on=recent)
    overpaid = _loan_with(deal, principal="500.00", currency="CNY", lent_on=iso(deal.day(-40, -40)))
    repay(deal, overpaid, 50_000, deal.day(-10, -10))
    repay(deal, overpaid, 1_234, deal.day(-5, -5))
    for more in (-1, 0, 1):
        edge = _months_before(deal.as_of, _APPROVALS) + timedelta(days=more)
        _loan_with(deal, principal="70.00", currency="CNY", lent_on=iso(edge), approval="")
    _leave_unannounced(deal)


def _loan_with(deal: Deal, **fixed: str) -> Row:
    person = deal.dice.choice(deal.tables["employees"])
    return deal_loan(deal, person["number"], fen_of(person["monthly_salary"]), **fixed)


def _rehire(deal: Deal) -> None:
    """One person, two rows: the old number left and may still owe, the new one is active."""
    old = dict(deal.dice.choice(deal.tables["employees"]))
    old |= {"number": "R80001", "status": "left", "last_day": iso(deal.day(-700, -400)), "mobile": ""}
    new = old | {"number": "R80002", "status": "active", "last_day": "", "exit_requested_on": "", "kind": ""}
    new |= {"hired_on": iso(deal.day(-200, -100)), "monthly_salary": old["monthly_salary"] or "8000.00"}
    deal.add("employees", **old)
    deal.add("employees", **new)
    deal_loan(deal, "R80001", 800_000, lent_on=iso(deal.day(-800, -710)), principal="640.00")
    deal_loan(deal, "R80002", 800_000, lent_on=iso(deal.day(-90, -10)))


def _rehire_as_before(deal: Deal) -> None:
    """Hired again under the number he had: the approval of his first leaving is completed, and he owes today."""
    person = dict(deal.tables["employees"][0])
    person |= {"number": "R80003", "name": "司马归", "mobile": "", "manager": "", "status": "active", "last_day": ""}
    person |= {"exit_requested_on": "", "kind": "", "hired_on": iso(deal.day(-60, -50)), "monthly_salary": "8000.00"}
    deal.add("employees", **person)
    deal.add(
        "exits", number="LZ80003", employee="R80003", requested_on=iso(deal.day(-200, -150)),
        last_day=iso(deal.day(-140, -120)), kind="resignation", status="completed", gate="passed",
    )  # fmt: skip
    deal_loan(deal, "R80003", 800_000, lent_on=iso(deal.day(-40, -10)), principal="760.00")


def _leave_unannounced(deal: Deal) -> None:
    """HR says that he leaves, the OA has no approval, and he owes."""
    person: dict[str, str] = dict(deal.tables["employees"][0])
    person |= {"number": "H70001", "name": "欧阳离", "mobile": "", "manager": "", "status": "leaving"}
    person |= {"last_day": iso(deal.as_of + timedelta(days=12)), "kind": "resignation"}
    person |= {"exit_requested_on": iso(deal.as_of - timedelta(days=3)), "monthly_salary": "9000.00"}
    deal.add("employees", **person)
    deal_loan(deal, "H70001", 900_000, lent_on=iso(deal.as_of - timedelta(days=25)), principal="1500.00")


def _months_before(day: date, months: int) -> date:
    """So many calendar months earlier; a day that month does not have is its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
