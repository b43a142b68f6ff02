"""People, loans, approvals, repayments and exits dealt by dice.

Promises: text stays plain; what books compute with stays readable, however wrong it is. Never here: the day
of this machine, or a file.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from connector.sandbox.approval_steps import (
    CHAIN,
    Application,
    agreed,
    refused,
    returned_once,
    rows_of,
    waiting,
)
from connector.sandbox.folder import Row

Step = tuple[str, str, str]
Tables = dict[str, list[Row]]

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = (*"伟芳娜敏静强磊军洋勇艳杰娟涛明超", "秀英", "建国")
_ENGLISH = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Mary Jackson", "Carl Gauss", "Emmy Noether")
_DEPARTMENTS = ("销售部", "运营部", "工程部", "财务部", "人事部")
_PURPOSES = ("客户接待", "设备押金", "差旅备用金", "现场采购", "培训")
_METHODS = ("offset", "cash", "payroll")


@dataclass
class Deal:
    """What is being dealt: the dice, the day, and the tables so far."""

    dice: random.Random
    as_of: date
    dirty: bool
    chain: list[list[str]]
    tables: Tables = field(default_factory=lambda: {
        "employees": [], "loans": [], "repayments": [], "approvals": [], "exits": [],
    })  # fmt: skip

    def chance(self, share: float) -> bool:
        """True in `share` of the cases; dice are thrown in a clean company too."""
        return self.dice.random() < share

    def dirt(self, share: float) -> bool:
        """True in `share` of the cases of a dirty company."""
        return self.chance(share) and self.dirty

    def day(self, earliest: int, latest: int) -> date:
        """A day so many days from as_of."""
        return self.as_of + timedelta(days=self.dice.randint(earliest, latest))

    def add(self, table: str, **cells: str) -> Row:
        """Add a row."""
        self.tables[table].append(cells)
        return cells


def deal_employee(deal: Deal, at: int) -> None:
    """One more person; the first five manage their departments."""
    dice = deal.dice
    english = deal.chance(0.15)
    name = dice.choice(_ENGLISH) if english else dice.choice(_SURNAMES) + dice.choice(_GIVEN)
    status = dice.choice(("active",) * 7 + ("leaving", "left", "left"))
    last_day = {"leaving": deal.day(-2, 40), "left": deal.day(-900, -1)}.get(status)
    asked = last_day - timedelta(days=dice.randint(20, 35)) if last_day else None
    salary = "" if deal.dirt(0.08) else money(dice.randrange(300_000, 3_000_001, 50))
    deal.add(
        "employees",
        number=employee_number(at),
        name=name,
        mobile=f"1380000{at:04}",
        department=_DEPARTMENTS[at % len(_DEPARTMENTS)],
        position="经理" if at < len(_DEPARTMENTS) else "员工",
        manager="" if at == 0 else employee_number(at % len(_DEPARTMENTS) if at >= len(_DEPARTMENTS) else 0),
        hired_on=iso(deal.day(-4000, -1000)),
        status=status,
        last_day=iso(last_day),
        exit_requested_on=iso(min(asked, deal.as_of) if asked else None),
        monthly_salary=salary,
        currency="CNY",
        kind="" if status == "active" else dice.choice(("resignation", "dismissal")),
    )


def deal_loan(deal: Deal, employee: str, salary: int | None, **fixed: str) -> Row:
    """One loan with its approval and repayments. `fixed` cells win over the dealt ones."""
    dice = deal.dice
    serial = len(deal.tables["loans"]) + 1
    lent_on = None if deal.chance(0.1) else deal.day(-900, 0) if deal.chance(0.15) else deal.day(-360, 0)
    start = (lent_on or deal.as_of) + timedelta(days=dice.randint(1, 20))
    trip = (start, start + timedelta(days=dice.randint(0, 9))) if deal.chance(0.4) else None
    cells = {
        "number": f"JK{serial:06}",
        "employee": employee,
        "kind": "travel" if trip else "business",
        "purpose": dice.choice(_PURPOSES),
        "principal": money(dice.randint(5_000, max(10_000, (salary or 1_000_000) * 3 // 4))),
        "currency": "USD" if deal.dirt(0.06) else "CNY",
        "applied_on": iso((lent_on or deal.as_of) - timedelta(days=dice.randint(3, 20))),
        "lent_on": iso(lent_on),
        "due_on": ""
        if deal.dirt(0.1)
        else iso((lent_on or deal.as_of) + timedelta(days=dice.randint(5, 200))),
        "trip_start": iso(trip[0] if trip else None),
        "trip_end": iso(trip[1] if trip else None),
        "approval": "" if deal.dirt(0.04) else f"SP{serial:06}",
    }
    loan = deal.add("loans", **(cells | fixed))
    _deal_approval(deal, loan)
    if loan["lent_on"] and "principal" not in fixed:
        _deal_repayments(deal, loan)
    return loan


def _deal_approval(deal: Deal, loan: Row) -> None:
    if not loan["approval"] or deal.dirt(0.05):
        return
    lent_on = date.fromisoformat(loan["lent_on"]) if loan["lent_on"] else None
    steps = deal.dice.choice(_good_steps() if lent_on else _undecided_steps())
    if lent_on and deal.dirt(0.25):
        steps = deal.dice.choice(_bad_steps())
    ends_on = (lent_on or deal.as_of) - timedelta(days=deal.dice.randint(0, 2))
    if lent_on and deal.dirt(0.1):
        ends_on = min(lent_on + timedelta(days=deal.dice.randint(1, 10)), deal.as_of)
    about = Application(loan["approval"], loan["employee"], loan["number"])
    managers = {node: employee_number(at) for at, node in enumerate(CHAIN)}
    deal.tables["approvals"] += rows_of(about, steps, ends_on, managers)


def _good_steps() -> list[list[Step]]:
    return [agreed(), agreed(), returned_once(), returned_once(at=2)]


def _undecided_steps() -> list[list[Step]]:
    return [waiting(0), waiting(1), waiting(2), refused(), refused(at=1), _final(agreed())]


def _bad_steps() -> list[list[Step]]:
    """Paid out all the same: out of order, a node left out, not decided yet, refused, never handed in."""
    swapped = [CHAIN[1], CHAIN[0], CHAIN[2]]
    return [agreed(swapped), agreed(CHAIN[:2]), agreed(CHAIN[1:]), waiting(0), refused(at=2), agreed()[1:]]


def _final(steps: list[Step]) -> list[Step]:
    """The last decision says that it is the last: approved, though nothing has been paid out."""
    node, decision, _ = steps[-1]
    return [*steps[:-1], (node, decision, "FINAL_APPROVED 同意")]


def _deal_repayments(deal: Deal, loan: Row) -> None:
    principal = fen_of(loan["principal"]) or 0
    way = deal.dice.choice(("none", "part", "part", "full", "full"))
    if deal.dirt(0.06):
        way = "over"
    paid = {
        "none": [],
        "part": [principal // 3],
        "full": [principal // 2, principal - principal // 2],
        "over": [principal, deal.dice.randint(1, 9_000)],
    }[way]
    for amount in paid:
        repay(deal, loan, amount)
    if deal.dirt(0.05):
        # Known to the folder, but not booked yet: it is dated after today.
        repay(deal, loan, 1_000, deal.as_of + timedelta(days=deal.dice.randint(1, 5)))


def repay(deal: Deal, loan: Row, amount: int, paid_on: date | None = None) -> None:
    """A repayment of so many fen, on a day since the loan was paid out unless one is given."""
    lent_on = date.fromisoformat(loan["lent_on"])
    span = max(0, (deal.as_of - lent_on).days)
    deal.add(
        "repayments",
        number=f"HK{len(deal.tables['repayments']) + 1:06}",
        loan=loan["number"],
        employee=loan["employee"],
        paid_on=iso(paid_on or lent_on + timedelta(days=deal.dice.randint(0, span))),
        amount=money(amount),
        currency=loan["currency"],
        method=deal.dice.choice(_METHODS),
    )


def deal_exit(deal: Deal, person: Row) -> None:
    """The OA's exit approval: running for those who leave, completed for many who left."""
    status, is_leaving = person["status"], person["status"] == "leaving"
    if status == "active":
        if deal.dirt(0.06):
            _exit(deal, person, deal.dice.choice(("refused", "withdrawn", "terminated")), "")
        return
    if is_leaving and deal.dirt(0.25):
        return  # HR knows, the OA does not
    if is_leaving:
        _exit(deal, person, "running", deal.dice.choice(("", "open", "open", "not_reached", "passed")))
    elif deal.chance(0.5):
        _exit(deal, person, "completed", "")


def _exit(deal: Deal, person: Row, status: str, gate: str) -> None:
    asked = person["exit_requested_on"] or iso(deal.day(-60, -1))
    deal.add(
        "exits",
        number=f"LZ{len(deal.tables['exits']) + 1:05}",
        employee=person["number"],
        requested_on=asked,
        last_day=person["last_day"],
        kind=person["kind"] or "resignation",
        status=status,
        gate=gate if deal.dirty or status != "running" else "open",
    )


def employee_number(at: int) -> str:
    """The number of the employee who was dealt at this place."""
    return f"G{at + 1:05}"


def iso(day: date | None) -> str:
    """A date as the folder writes it, "" for none."""
    return "" if day is None else day.isoformat()


def money(fen: int) -> str:
    """An amount with two decimals; not negative."""
    return f"{fen // 100}.{fen % 100:02}"


def fen_of(text: str) -> int | None:
    """The fen of an amount with two decimals, None for an empty cell."""
    return int(text.replace(".", "")) if text else None
