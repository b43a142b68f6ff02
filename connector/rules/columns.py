"""What the three files hold: one line a column, with its type, its meaning and the streams it rests on.

A rule needs the union of the streams of the columns it names. A confidential column may be judged, never shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from connector.model.tables import EXIT_STATES, GATES, STATUSES, STRENGTHS
from connector.model.values import MONEY_LIMIT
from connector.rules.gate import Kind

BANDS = ("none", "le_50", "50_100", "100_200", "gt_200", "unknown")

HR, OPEN, PAYOUT, REQUEST = "employee", "open_item", "payout", "request"
APPROVAL, EXIT, TRIP = "approval", "exit", "trip"


@dataclass(frozen=True)
class FileColumn:
    """A column of a file. `money` names the column with its currency ("" = the company's own)."""

    dtype: pl.DataType | type[pl.DataType]
    streams: frozenset[str]
    meaning: str
    words: tuple[str, ...] = ()
    money: str | None = None
    is_secret: bool = False


def _column(
    dtype: pl.DataType | type[pl.DataType], streams: str, meaning: str, words: tuple[str, ...] = (), *,
    money: str | None = None, is_secret: bool = False,
) -> FileColumn:
    return FileColumn(dtype, frozenset(streams.split()), meaning, words, money, is_secret)


_YES, _INT, _DAY, _TEXT = pl.Boolean, pl.Int64, pl.Date, pl.String

EMPLOYEE: dict[str, FileColumn] = {
    "employee": _column(_TEXT, HR, "employee number in HR"),
    "department": _column(_TEXT, HR, "department"),
    "position": _column(_TEXT, HR, "position"),
    "status": _column(_TEXT, HR, "employment status", STATUSES),
    "hired_on": _column(_DAY, HR, "hire date"),
    "last_day": _column(_DAY, HR, "last working day"),
    "monthly_salary": _column(_INT, HR, "monthly salary in the company's currency", money="", is_secret=True),
    "salary_band": _column(_TEXT, f"{HR} {OPEN}", "balance as a share of the salary, as a band", BANDS),
    "owes": _column(_YES, OPEN, "a loan of his, in any currency, is open"),
    "balance": _column(_INT, OPEN, "open balance in the company's currency; unknown with foreign debts", money=""),
    "certain_balance": _column(
        _INT, OPEN, "what he surely owes, even where more may be missing; unknown with foreign debts", money=""
    ),
    "open_loans": _column(_INT, OPEN, "loans with a balance above zero, any currency"),
    "overdue_balance": _column(_INT, OPEN, "part of the balance that is past due", money=""),
    "oldest_open_on": _column(_DAY, OPEN, "day on which the oldest open loan was paid out"),
    "loans_in_window": _column(_INT, OPEN, "loans paid out within the policy's window of months, settled ones too"),
    "certain_loans_in_window": _column(_INT, OPEN, "those of them that are surely his; never unknown"),
}

LOAN: dict[str, FileColumn] = {
    "loan": _column(_TEXT, OPEN, "loan number"),
    "employee": _column(_TEXT, f"{OPEN} {HR}", "employee number in HR, null when not linked"),
    "number_in_finance": _column(_TEXT, OPEN, "borrower's number as finance writes it"),
    "is_linked": _column(_YES, f"{OPEN} {HR}", "whose loan it is, is settled"),
    "is_paid_out": _column(_YES, OPEN, "paid out on or before the business date"),
    "kind": _column(_TEXT, f"{OPEN} {REQUEST}", "kind of loan"),
    "currency": _column(_TEXT, OPEN, "currency of the loan"),
    "principal": _column(_INT, OPEN, "amount lent", money="currency"),
    "home_principal": _column(_INT, OPEN, "amount lent when in the company's currency, else unknown", money=""),
    "balance": _column(_INT, OPEN, "open balance of this loan in its currency", money="currency"),
    "lent_on": _column(_DAY, OPEN, "paid out on"),
    "has_due_date": _column(_YES, OPEN, "has a due date"),
    "due_on": _column(_DAY, OPEN, "due on"),
    "days_overdue": _column(_INT, OPEN, "days past due, 0 when not due"),
    "has_trip": _column(_YES, f"{OPEN} {REQUEST} {PAYOUT} {TRIP}", "was lent for a trip"),
    "trip_days": _column(_INT, f"{OPEN} {REQUEST} {PAYOUT} {TRIP}", "days of the trip, both ends counted"),
    "is_in_approval_window": _column(_YES, OPEN, "paid out within the policy's months"),
    "approval": _column(_TEXT, f"{REQUEST} {PAYOUT}", "number of the approval"),
    "is_approved": _column(_YES, f"{APPROVAL} {REQUEST} {PAYOUT}", "its approval is completed"),
    "approved_on": _column(_DAY, f"{APPROVAL} {REQUEST} {PAYOUT}", "day on which it was completed"),
    "steps_missing": _column(_INT, f"{APPROVAL} {REQUEST} {PAYOUT}", "steps of the company's chain not agreed"),
    "steps_in_order": _column(_YES, f"{APPROVAL} {REQUEST} {PAYOUT}", "steps agreed in the chain's order"),
}

EXIT_FILE: dict[str, FileColumn] = {
    "exit": _column(_TEXT, EXIT, "exit number"),
    "employee": _column(_TEXT, f"{EXIT} {HR}", "employee number"),
    "state": _column(_TEXT, EXIT, "state of the leaving approval", EXIT_STATES),
    "is_running": _column(_YES, EXIT, "the leaving approval is running"),
    "gate": _column(_TEXT, EXIT, "where the clearance task stands", GATES),
    "strength": _column(_TEXT, EXIT, "what the platform can enforce", STRENGTHS),
    "can_hold": _column(_YES, EXIT, "a hold can be enforced: the gate is open or still to come"),
    "is_passed_without_us": _column(_YES, EXIT, "completed, not by our service user, and he was not hired again"),
    "is_back": _column(_YES, f"{EXIT} {HR}", "hired again after this exit, and not gone since"),
    "is_passed_by_us": _column(_YES, EXIT, "completed by our service user, and he was not hired again"),
    "requested_on": _column(_DAY, EXIT, "requested on"),
    "last_day": _column(_DAY, EXIT, "last working day"),
    "status": _column(_TEXT, HR, "employment status in HR", STATUSES),
    "owes": _column(_YES, f"{EXIT} {OPEN}", "owes anything, in any currency; unknown while unproven"),
    "is_debtor": _column(_YES, f"{EXIT} {OPEN}", "certainly owes something; never unknown"),
    "is_proven": _column(_YES, f"{EXIT} {OPEN}", "it is proven whether he owes anything; never unknown"),
    "balance": _column(_INT, OPEN, "open balance in the company's currency", money=""),
    "owed": _column(_TEXT, OPEN, "open balances, one per currency, as text"),
    "open_loans": _column(_INT, OPEN, "open loans"),
    "reason": _column(_TEXT, OPEN, "why it is unproven, a code"),
}

FILES: dict[str, dict[str, FileColumn]] = {"employee": EMPLOYEE, "loan": LOAN, "exit": EXIT_FILE}

# The key of each file: the subject of a finding.
KEYS = {"employee": "employee", "loan": "loan", "exit": "exit"}


def kinds(over: str) -> dict[str, Kind]:
    """Column name → what the gate needs to know of it."""
    found = {}
    for name, column in FILES[over].items():
        if column.dtype == pl.Boolean:
            found[name] = Kind("yes_no", factors=1)
        elif column.dtype == pl.Date:
            found[name] = Kind("date", factors=1)
        elif column.dtype == pl.String:
            found[name] = Kind("text", words=column.words, factors=1)
        else:
            found[name] = Kind("number", factors=1, most=MONEY_LIMIT)
    return found
