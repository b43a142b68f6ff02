"""The canonical tables: one schema each, a comment per column. What an adapter's rows become, what rules read.

Every table carries `system` (connection name), `ref` (the row's key over there, as delivered) and `seen_at` (UTC).
Money is Int64 minor units with a currency column beside it. `employee` in finance and OA tables is the number as
that system writes it; the link step adds `person`, the employee's number in HR.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

STATUSES = ("active", "leaving", "left")
EXIT_STATES = ("running", "completed", "refused", "withdrawn")
APPROVAL_STATES = ("running", "completed", "refused", "withdrawn")
GATES = ("open", "not_reached", "absent", "passed", "closed")
STRENGTHS = ("hard", "soft", "alarm_only", "none")
DECISIONS = ("submit", "agree", "refuse", "return", "comment", "other", "waiting")
CYCLES = ("month", "quarter")

_TEXT, _MONEY, _DAY = pl.String, pl.Int64, pl.Date
_INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means, and for text with a closed set of words that set."""

    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    words: tuple[str, ...] = ()
    required: bool = False


def _table(**columns: Column) -> dict[str, Column]:
    common = {
        "system": Column(_TEXT, "connection that delivered the row", required=True),
        "ref": Column(_TEXT, "key of the row over there, as delivered", required=True),
        "seen_at": Column(_INSTANT, "when it was read, UTC", required=True),
    }
    return common | columns


TABLES: dict[str, dict[str, Column]] = {
    "employee": _table(
        number=Column(_TEXT, "employee number", required=True),
        name=Column(_TEXT, "name as written"),
        mobile=Column(_TEXT, "mobile number"),
        mobile_hash=Column(_TEXT, "keyed hash of the mobile number, hex; null = not known, or none"),
        id_hash=Column(_TEXT, "keyed hash of the national identity number, hex; null = not known or not verified"),
        department=Column(_TEXT, "department"),
        position=Column(_TEXT, "position"),
        manager=Column(_TEXT, "employee number of the manager"),
        hired_on=Column(_DAY, "hire date"),
        status=Column(_TEXT, "employment status", STATUSES),
        last_day=Column(_DAY, "last working day"),
        exit_requested_on=Column(_DAY, "day on which the exit was requested"),
        monthly_salary=Column(_MONEY, "fixed monthly gross, minor units; confidential"),
        currency=Column(_TEXT, "currency of the salary"),
    ),
    "person": _table(
        number=Column(_TEXT, "employee number as finance writes it", required=True),
        name=Column(_TEXT, "name as finance writes it"),
        mobile_hash=Column(_TEXT, "keyed hash of the mobile number, hex; null = not known, or none"),
        id_hash=Column(_TEXT, "keyed hash of the national identity number, hex; null = not known or not verified"),
    ),
    "open_item": _table(
        number=Column(_TEXT, "loan number", required=True),
        employee=Column(_TEXT, "borrower's number as finance writes it", required=True),
        principal=Column(_MONEY, "amount lent, minor units", required=True),
        balance=Column(_MONEY, "amount outstanding, minor units; negative when overpaid", required=True),
        currency=Column(_TEXT, "ISO currency", required=True),
        lent_on=Column(_DAY, "booked on", required=True),
        due_on=Column(_DAY, "due"),
        kind=Column(_TEXT, "travel, business, petty, ...; where the request says it too, the request wins"),
        purpose=Column(_TEXT, "purpose; likewise"),
        trip_start=Column(_DAY, "first day of the trip; likewise"),
        trip_end=Column(_DAY, "last day of the trip; likewise"),
        is_allocated=Column(pl.Boolean, "which of his loans a repayment settled was not booked: the oldest, we say"),
    ),
    "payout": _table(
        number=Column(_TEXT, "number of the payment", required=True),
        employee=Column(_TEXT, "payee's number as finance writes it", required=True),
        approval=Column(_TEXT, "number of the request it pays"),
        paid_on=Column(_DAY, "paid on", required=True),
        due_on=Column(_DAY, "due, where the payment says it"),
        amount=Column(_MONEY, "minor units", required=True),
        currency=Column(_TEXT, "ISO currency", required=True),
    ),
    "request": _table(
        number=Column(_TEXT, "number of the request = number of the approval", required=True),
        loan=Column(_TEXT, "loan number it became"),
        employee=Column(_TEXT, "applicant's number as finance writes it", required=True),
        kind=Column(_TEXT, "travel, business, petty, ..."),
        purpose=Column(_TEXT, "purpose"),
        amount=Column(_MONEY, "amount asked for, minor units"),
        currency=Column(_TEXT, "ISO currency"),
        applied_on=Column(_DAY, "applied for on"),
        trip_start=Column(_DAY, "first day of the trip"),
        trip_end=Column(_DAY, "last day of the trip"),
        is_approved=Column(pl.Boolean, "finance's own document is approved"),
        approved_on=Column(_DAY, "day of that approval"),
    ),
    "loan": _table(
        number=Column(_TEXT, "loan number, or the request's while it is only an application", required=True),
        employee=Column(_TEXT, "borrower's number as finance writes it", required=True),
        kind=Column(_TEXT, "travel, business, petty, ..."),
        purpose=Column(_TEXT, "purpose"),
        principal=Column(_MONEY, "amount lent (or asked for), minor units", required=True),
        balance=Column(_MONEY, "amount outstanding, minor units; negative when overpaid"),
        currency=Column(_TEXT, "ISO currency", required=True),
        applied_on=Column(_DAY, "applied for on"),
        lent_on=Column(_DAY, "paid out on; null while it is only an application"),
        paid_on=Column(_DAY, "day of the payment that names its request; null when none does"),
        due_on=Column(_DAY, "due"),
        trip_start=Column(_DAY, "first day of the trip"),
        trip_end=Column(_DAY, "last day of the trip"),
        approval=Column(_TEXT, "number of the approval"),
        is_approved=Column(pl.Boolean, "finance's own request is approved; null when there is none"),
        approved_on=Column(_DAY, "day of that approval"),
        is_allocated=Column(pl.Boolean, "which of his loans a repayment settled was not booked: the oldest, we say"),
    ),
    "repayment": _table(
        number=Column(_TEXT, "document number", required=True),
        loan=Column(_TEXT, "loan it names"),
        employee=Column(_TEXT, "employee as finance writes it", required=True),
        paid_on=Column(_DAY, "booked on", required=True),
        amount=Column(_MONEY, "minor units", required=True),
        currency=Column(_TEXT, "ISO currency", required=True),
        method=Column(_TEXT, "offset or cash", ("offset", "cash", "payroll")),
    ),
    "balance": _table(
        employee=Column(_TEXT, "employee as finance writes it", required=True),
        currency=Column(_TEXT, "ISO currency", required=True),
        amount=Column(_MONEY, "debit minus credit of his account at the end, minor units", required=True),
    ),
    "control": _table(
        account=Column(_TEXT, "account number", required=True),
        currency=Column(_TEXT, "ISO currency", required=True),
        amount=Column(_MONEY, "debit minus credit at the end, minor units", required=True),
    ),
    "approval": _table(
        number=Column(_TEXT, "human number of the instance", required=True),
        kind=Column(_TEXT, "loan or exit"),
        loan=Column(_TEXT, "loan number named on the form"),
        employee=Column(_TEXT, "employee number named on the form"),
        state=Column(_TEXT, "state of the instance", APPROVAL_STATES, required=True),
        finished_at=Column(_INSTANT, "when it ended"),
        step=Column(pl.Int64, "position in the chain, 0 = submitted"),
        node=Column(_TEXT, "node name"),
        approver=Column(_TEXT, "user id of who decided, or of who is to"),
        approver_employee=Column(_TEXT, "his employee number, where the OA knows it"),
        decision=Column(_TEXT, "decision", DECISIONS),
        opinion=Column(_TEXT, "opinion, verbatim"),
        decided_at=Column(_INSTANT, "when it was decided"),
    ),
    "exit": _table(
        number=Column(_TEXT, "human number of the exit", required=True),
        employee=Column(_TEXT, "employee number on the form", required=True),
        requested_on=Column(_DAY, "requested on"),
        last_day=Column(_DAY, "last working day"),
        kind=Column(_TEXT, "resignation, dismissal, ..."),
        state=Column(_TEXT, "state of the case over there", EXIT_STATES, required=True),
        gate=Column(_TEXT, "where the clearance task stands", GATES, required=True),
        gate_by_us=Column(pl.Boolean, "a passed gate was completed by our service user"),
        strength=Column(_TEXT, "what the platform can enforce", STRENGTHS, required=True),
    ),
    "appraisal_month": _table(
        employee=Column(_TEXT, "employee number as that system writes it", required=True),
        month=Column(_DAY, "first day of the month, or of the quarter's last month", required=True),
        target=Column(pl.Int64, "what was agreed, thousandths of the goal's unit"),
        actual=Column(pl.Int64, "what was reached, thousandths of the goal's unit; null = not measured"),
        is_closed=Column(pl.Boolean, "the result is final", required=True),
        goal=Column(_TEXT, "name of the goal; empty text = the month's goal", required=True),
        cycle=Column(_TEXT, "how long the goal runs", CYCLES, required=True),
    ),
    "attendance_month": _table(
        employee=Column(_TEXT, "employee number as that system writes it", required=True),
        month=Column(_DAY, "first day of the month", required=True),
        late_count=Column(pl.Int64, "times late in the month; null = not known"),
        is_closed=Column(pl.Boolean, "the month is final", required=True),
    ),
    "signal": _table(
        employee=Column(_TEXT, "employee number as that system writes it", required=True),
        kind=Column(_TEXT, "resume_updated, ...", required=True),
        at=Column(_INSTANT, "when it happened", required=True),
        source=Column(_TEXT, "who says so"),
    ),
    "mark": _table(
        kind=Column(_TEXT, "risk_flag, exit_hold, todo, ...", required=True),
        digest=Column(_TEXT, "first 8 hex of the content's hash; null when nothing stands"),
        content=Column(_TEXT, "canonical JSON of the content, null when only its digest can be seen"),
        gate=Column(_TEXT, "exit_hold: where the gate stands", GATES),
        gate_by_us=Column(pl.Boolean, "exit_hold: a passed gate was completed by our service user"),
        is_ticked=Column(pl.Boolean, "todo: a person has ticked it off"),
    ),
}


def schema(table: str) -> dict[str, pl.DataType | type[pl.DataType]]:
    """Column name → Polars type of a canonical table."""
    return {name: column.dtype for name, column in TABLES[table].items()}


def empty(table: str) -> pl.DataFrame:
    """A canonical table without rows."""
    return pl.DataFrame(schema=schema(table))
