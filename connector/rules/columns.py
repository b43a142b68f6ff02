"""What the three files hold: one line a column, with its type, its meaning and the streams it rests on.

A rule needs the union of the streams of the columns it names. A confidential column may be judged, never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from connector.model.tables import EXIT_STATES, GATES, STATUSES, STRENGTHS
from connector.model.values import MONEY_LIMIT
from connector.rules.gate import Kind

BANDS = ("none", "le_50", "50_100", "100_200", "gt_200", "unknown")

HR, OPEN, PAYOUT, REQUEST = "employee", "open_item", "payout", "request"
APPROVAL, EXIT, TRIP, DUE = "approval", "exit", "trip", "due"
# Not a stream of its own: who decides, as an employee. An OA may know users only.
APPROVER = "approver"
APPRAISAL, ATTENDANCE, SIGNAL = "appraisal_month", "attendance_month", "signal"

# Not streams of their own: the newest closed month is there at all; until then its rules wait, for everybody.
RATED, CLOCKED = "rated_month", "clocked_month"
# Nor this: the whole company was counted, as no look at one person does.
CROWD = "crowd"

# Streams about a person's conduct outside the company: a rule that rests on one needs a recorded legal basis.
NEEDS_BASIS = frozenset({SIGNAL})

# The largest target or result, thousandths; times the days of a quarter it still fits 64 bits in any product of a rule.
GOAL_LIMIT = MONEY_LIMIT
_GOAL_DAYS_LIMIT = GOAL_LIMIT * 92


@dataclass(frozen=True)
class FileColumn:
    """A column of a file. `money` names the column with its currency ("" = the company's own); `digits` of a whole
    number stand behind the point when it is shown; `most`: no value is larger."""

    dtype: pl.DataType | type[pl.DataType]
    streams: frozenset[str]
    meaning: str
    words: tuple[str, ...] = ()
    money: str | None = None
    is_secret: bool = False
    digits: int = 0
    most: int = MONEY_LIMIT


def _column(
    dtype: pl.DataType | type[pl.DataType], streams: str, meaning: str, words: tuple[str, ...] = (), **shape: Any
) -> FileColumn:
    """`streams`: names with blanks between; `shape`: the rest of a FileColumn."""
    return FileColumn(dtype, frozenset(streams.split()), meaning, words, **shape)


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
    "owes_from_before": _column(_YES, f"{OPEN} {HR}", "one of them was lent under an earlier employee number of his"),
    "balance": _column(_INT, OPEN, "open balance in the company's currency; unknown with foreign debts", money=""),
    "certain_balance": _column(
        _INT, OPEN, "what he surely owes, even where more may be missing; unknown with foreign debts", money=""
    ),
    "open_loans": _column(_INT, OPEN, "loans with a balance above zero, any currency"),
    "overdue_balance": _column(_INT, f"{OPEN} {DUE}", "part of the balance that is past due", money=""),
    "oldest_open_on": _column(_DAY, OPEN, "day on which the oldest open loan was paid out"),
    "loans_in_window": _column(_INT, OPEN, "loans paid out within the policy's window of months, settled ones too"),
    "certain_loans_in_window": _column(_INT, OPEN, "those of them that are surely his; never unknown"),
    "active_reports": _column(_INT, f"{HR} {CROWD}", "people at work or leaving whose manager he is"),
    "waiting_approvals": _column(_INT, f"{APPROVAL} {HR} {APPROVER} {CROWD}", "running approvals that wait for him"),
    "months_below": _column(
        _INT, f"{APPRAISAL} {RATED}", "closed months in a row below target, the newest one included; one gap is bridged"
    ),
    "months_unrated": _column(_INT, f"{APPRAISAL} {RATED}", "gaps within that chain: closed months without a result"),
    "below_since": _column(_DAY, f"{APPRAISAL} {RATED}", "first month of that chain"),
    "has_running_goal": _column(_YES, APPRAISAL, "a goal of the running month or quarter has a target and a result"),
    "goal": _column(_TEXT, APPRAISAL, "name of the running goal that is furthest behind"),
    "goal_target": _column(_INT, APPRAISAL, "its target, thousandths", digits=3),
    "goal_actual": _column(_INT, APPRAISAL, "reached so far, thousandths", digits=3),
    "goal_days": _column(_INT, APPRAISAL, "days of its period gone by, today included"),
    "goal_length": _column(_INT, APPRAISAL, "days of its period"),
    "goal_reached": _column(_INT, APPRAISAL, "reached × days of the period", most=_GOAL_DAYS_LIMIT),
    "goal_due": _column(_INT, APPRAISAL, "target × days gone by: what an even pace would have", most=_GOAL_DAYS_LIMIT),
    "has_late_history": _column(_YES, f"{ATTENDANCE} {CLOCKED}", "the newest closed month and three before are known"),
    "late_count": _column(_INT, f"{ATTENDANCE} {CLOCKED}", "times late in the newest closed month"),
    "late_baseline": _column(_INT, f"{ATTENDANCE} {CLOCKED}", "times late in the three months before it together"),
    "has_resume_signal": _column(_YES, SIGNAL, "a résumé was seen updated"),
    "resume_signal_on": _column(_DAY, SIGNAL, "day on which it was last seen"),
    "resume_signal_days": _column(_INT, SIGNAL, "days since then"),
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
    "has_due_date": _column(_YES, f"{OPEN} {DUE}", "has a due date"),
    "due_on": _column(_DAY, f"{OPEN} {DUE}", "due on"),
    "days_overdue": _column(_INT, f"{OPEN} {DUE}", "days past due, 0 when not due"),
    "has_trip": _column(_YES, f"{OPEN} {REQUEST} {PAYOUT} {TRIP}", "was lent for a trip"),
    "trip_days": _column(_INT, f"{OPEN} {REQUEST} {PAYOUT} {TRIP}", "days of the trip, both ends counted"),
    "is_application": _column(
        _YES, f"{OPEN} {REQUEST} {PAYOUT} {APPROVAL}", "asked for and not paid out yet, neither refused nor withdrawn"
    ),
    "purpose": _column(_TEXT, f"{OPEN} {REQUEST} {PAYOUT}", "purpose as written"),
    "owner_balance": _column(_INT, OPEN, "what the borrower owes on all his loans; unknown as there", money=""),
    "certain_owner_balance": _column(_INT, OPEN, "what he surely owes, even where more may be missing", money=""),
    "monthly_salary": _column(_INT, HR, "the borrower's monthly salary", money="", is_secret=True),
    "asked_band": _column(_TEXT, f"{HR} {OPEN}", "his balance with this loan as a share of the salary", BANDS),
    "earlier_open": _column(_INT, OPEN, "other loans of his, paid out before this one and still open"),
    "same_day_loans": _column(_INT, f"{OPEN} {REQUEST} {PAYOUT}", "his loans of that day and purpose, this included"),
    "same_day_total": _column(_INT, f"{OPEN} {REQUEST} {PAYOUT}", "what they add up to", money=""),
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
            found[name] = Kind("number", factors=1, most=column.most)
    return found
