"""The finance department's view of the made-up company: people, loans, repayments, and the bookings of both.

A loan is paid out on its `lent_on`, a repayment is booked on its `paid_on`; what is dated after today has not
happened. A repayment settles the loan it names, in that loan's currency and for that loan's employee; one of a
loan that was never paid out has nothing to settle and is not in the books. Promises: amounts are whole minor
units; every booking comes from exactly one loan or repayment. Never here: a form or a field of the product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from connector.sandbox.world import Row, World

# A row of an approval and when it was decided.
Step = tuple[Row, datetime | None]
# FINAL_APPROVED, FINAL: not a part of a longer word.
_FINAL = re.compile(r"(?<![A-Za-z])FINAL(?![A-Za-z])")


@dataclass
class Loan:
    """One row of loans.csv. `principal` None = not known."""

    row: Row
    currency: str
    principal: int | None
    is_paid_out: bool
    approval: Approval
    repaid: int = 0
    last_booked_on: str = ""

    @property
    def balance(self) -> int | None:
        """What is still owed; negative when too much came back."""
        return None if self.principal is None else self.principal - self.repaid


@dataclass(frozen=True)
class Repayment:
    """One booked row of repayments.csv, under the loan it settles."""

    row: Row
    loan: Loan
    amount: int | None


@dataclass(frozen=True)
class Approval:
    """What the approval steps of a loan say: whether it is completed, and when the last step was decided."""

    is_completed: bool = False
    decided_at: datetime | None = None


@dataclass(frozen=True)
class Booking:
    """One document in the ledger: `amount` on the employees' account, debit positive.

    `is_offset`: settled by an expense, else over the bank.
    """

    number: str
    on: str
    employee: str
    currency: str
    amount: int
    text: str
    is_offset: bool = False


@dataclass
class Books:
    """Everything of one day."""

    loans: list[Loan] = field(default_factory=list)
    repayments: list[Repayment] = field(default_factory=list)

    @property
    def bookings(self) -> list[Booking]:
        """Pay-outs and repayments in the order of their rows; unknown amounts are not booked."""
        paid = [
            Booking(f"FK{x.row['number']}", x.row["lent_on"], x.row["employee"], x.currency, x.principal, "借款支付")
            for x in self.loans
            if x.is_paid_out and x.principal is not None
        ]
        back = [
            Booking(
                number=x.row["number"],
                on=x.row["paid_on"],
                employee=x.loan.row["employee"],
                currency=x.loan.currency,
                amount=-x.amount,
                text="借款归还",
                is_offset=x.row["method"] == "offset",
            )
            for x in self.repayments
            if x.amount is not None
        ]
        return paid + back


def read_books(world: World) -> Books:
    """The books of the world's today. Hold the world's lock."""
    today = world.today().isoformat()
    approvals = _steps(world)
    books = Books([_loan(row, world.currency, today, approvals) for row in world.rows("loans")])
    by_number: dict[str, Loan] = {}
    for loan in books.loans:
        if loan.is_paid_out:
            by_number.setdefault(loan.row["number"], loan)
    for row in world.rows("repayments"):
        settled = by_number.get(row["loan"])
        if settled is None or not row["paid_on"] or row["paid_on"] > today:
            continue
        amount = minor_units(row["amount"])
        books.repayments.append(Repayment(row, settled, amount))
        settled.repaid += amount or 0
        settled.last_booked_on = max(settled.last_booked_on, row["paid_on"])
    return books


def people_of(world: World) -> list[tuple[str, str, Row]]:
    """(number, name, row): every employee with a number, then the debtors whom employees.csv does not have.

    A debtor's name is not known there: "". Hold the world's lock.
    """
    people = [(row["number"], row["name"], row) for row in world.rows("employees") if row["number"].strip()]
    known = {number for number, _, _ in people}
    debtors = dict.fromkeys(row["employee"] for row in world.rows("loans"))
    return people + [(number, "", {}) for number in debtors if number.strip() and number not in known]


def minor_units(amount: str) -> int | None:
    """An amount of the folder → minor units; None when it is empty."""
    return int(Decimal(amount) * 100) if amount else None


def _loan(row: Row, currency: str, today: str, approvals: dict[str, list[Step]]) -> Loan:
    is_paid_out = bool(row["lent_on"]) and row["lent_on"] <= today
    approval = _approval(approvals.get(row["approval"], []), is_paid_out) if row["approval"] else Approval()
    return Loan(
        row=row,
        currency=row["currency"] or currency,
        principal=minor_units(row["principal"]),
        is_paid_out=is_paid_out,
        approval=approval,
        last_booked_on=row["lent_on"],
    )


def decided_at(row: Row, zone: ZoneInfo) -> datetime | None:
    """When a step was decided; a time without a zone is the company's."""
    if not row["decided_at"]:
        return None
    moment = datetime.fromisoformat(row["decided_at"])
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _steps(world: World) -> dict[str, list[Step]]:
    """Approval number → its steps in order. A step of the future has not happened yet."""
    now = world.now()
    found: dict[str, list[Step]] = {}
    for row in world.rows("approvals"):
        moment = decided_at(row, world.zone)
        if moment is None or moment <= now:
            found.setdefault(row["number"], []).append((row, moment))
    for steps in found.values():
        if all(row["step"].isdecimal() for row, _ in steps):
            steps.sort(key=lambda step: int(step[0]["step"]))
    return found


def _approval(steps: list[Step], is_paid_out: bool) -> Approval:
    """Completed: the last step agreed, and the loan was paid out or the opinion says that it was the final one."""
    if not steps:
        return Approval()
    last, _ = steps[-1]
    is_final = _FINAL.search(last["opinion"]) is not None
    is_completed = last["decision"].strip().lower() == "agree" and (is_paid_out or is_final)
    times = [moment for _, moment in steps if moment is not None]
    return Approval(is_completed, times[-1] if times else None)


def day_of(text: str) -> str | None:
    """A date of the folder as the product shows it; None when there is none or it is none."""
    try:
        return f"{date.fromisoformat(text).isoformat()}T00:00:00" if text else None
    except ValueError:
        return None
