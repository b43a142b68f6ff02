"""Evidence: for findings only, the foreign rows they rest on, one line per field, with system, document and moment.

A finding is backed by the rows of the streams that its rule names, and by no others. A salary is never shown; that it
was read, and from which row, is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from connector.model.findings import EVIDENCE_SCHEMA, no_evidence
from connector.model.values import months_before
from connector.rules.book import RuleBook
from connector.rules.columns import APPRAISAL, APPROVAL, ATTENDANCE, EXIT, HR, OPEN, SIGNAL
from connector.rules.file import digits_of, paid_out
from connector.rules.knowledge import Facts, decimal
from connector.rules.lending import OWNER

_LOAN_FIELDS = (
    "number", "principal", "balance", "is_allocated", "currency", "lent_on", "due_on", "trip_start", "trip_end",
    "approval",
)
_STEP_FIELDS = ("number", "state", "node", "decision", "opinion", "decided_at", "finished_at")
_EXIT_FIELDS = ("number", "state", "gate", "requested_on", "last_day")
_EMPLOYEE_FIELDS = ("name", "status", "last_day", "department", "position")
_REPORT_FIELDS = ("name", "status", "manager")
# Months shown: half a year holds every default chain and baseline, and what came before it.
_MONTHS = 6
# Stream → the field of the facts with its rows, the column by which a row is dated, the fields shown.
_CONDUCT = {
    APPRAISAL: ("appraisal", "month", ("month", "goal", "target", "actual")),
    ATTENDANCE: ("attendance", "month", ("month", "late_count")),
    SIGNAL: ("signal", "at", ("kind", "at", "source")),
}
# People shown of those who report to a manager.
_REPORTS_SHOWN = 20

# Columns that count settled loans too; other rules rest on what is open.
_COUNTS_SETTLED = frozenset({"loans_in_window", "certain_loans_in_window"})
# Columns of a loan that rest on the borrower's open loans, and on those of the same day.
_RESTS_ON_OPEN = frozenset({"owner_balance", "certain_owner_balance", "earlier_open"})
_RESTS_ON_DAY = frozenset({"same_day_loans", "same_day_total"})
# What findings of the link step rest on, by what they are about.
_OF_LINKS: Mapping[str, frozenset[str]] = {
    "loan": frozenset({OPEN}), "exit": frozenset({EXIT}), "employee": frozenset({HR}),
}


@dataclass(frozen=True)
class _Case:
    """Findings of one rule over one file, and what that rule rests on."""

    subjects: pl.DataFrame  # rule, over, subject, employee
    streams: frozenset[str]
    columns: frozenset[str] = frozenset()

    @property
    def judges_salary(self) -> bool:
        return "monthly_salary" in self.columns


def gather(findings: pl.DataFrame, facts: Facts, book: RuleBook) -> pl.DataFrame:
    """Evidence rows (`findings.EVIDENCE_SCHEMA`), each field of each foreign row once per finding."""
    parts = [no_evidence()]
    for group in findings.select("rule", "over", "subject", "employee").unique().partition_by("rule", "over"):
        parts += _rows_of(_case(group, book), facts, months_before(facts.as_of, book.policies["window_months"].default))
    return pl.concat(parts).unique().sort("rule", "over", "subject", "system", "ref", "field")


def _case(subjects: pl.DataFrame, book: RuleBook) -> _Case:
    code, over = subjects.row(0)[:2]
    rule = next((rule for rule in book.rules if rule.code == code), None)
    if rule is None:
        if code.startswith("books."):
            return _Case(subjects, frozenset({OPEN}), _COUNTS_SETTLED)
        return _Case(subjects, _OF_LINKS[over])
    return _Case(subjects, rule.streams, rule.columns)


def _rows_of(case: _Case, facts: Facts, window_start: object) -> Iterable[pl.DataFrame]:
    over = case.subjects["over"][0]
    if over == "loan":
        yield from _of_loans(case, facts)
        return
    if HR in case.streams or over == "exit":
        yield from _of_employees(case, facts)
    if over == "exit":
        named = case.subjects.drop("employee").join(facts.exit, left_on="subject", right_on="number", how="inner")
        yield _long(named.with_columns(number=pl.col("subject")), _EXIT_FIELDS)
    if OPEN in case.streams:
        counts = pl.col("balance").fill_null(1) != 0
        counts = counts | (pl.col("lent_on") > window_start) if case.columns & _COUNTS_SETTLED else counts
        owed = _money_text(paid_out(facts).filter(counts).with_columns(owner=_owner(facts)))
        yield _long(case.subjects.join(owed, left_on="employee", right_on="owner", how="inner"), _LOAN_FIELDS)
    yield from _of_conduct(case, facts)


def _owner(facts: Facts) -> pl.Expr:
    """Whose loan it is; the number in finance only where nobody in HR has it."""
    is_strange = ~pl.col("employee").is_in(facts.employee["number"].implode())
    return pl.coalesce("person", pl.when(is_strange).then(pl.col("employee")))


def _of_conduct(case: _Case, facts: Facts) -> Iterable[pl.DataFrame]:
    """Months and signals of the person, the newest half year; and who reports to him."""
    start = months_before(facts.as_of, _MONTHS).replace(day=1)
    for stream in sorted(case.streams & set(_CONDUCT)):
        table, dated, fields = _CONDUCT[stream]
        on = pl.col(dated).dt.convert_time_zone(facts.zone.key).dt.date() if stream == SIGNAL else pl.col(dated)
        rows = getattr(facts, table).filter(on.is_between(start, facts.as_of))
        if stream == APPRAISAL:
            rows = rows.with_columns([decimal(pl.col(name), 3).alias(name) for name in ("target", "actual")])
        yield _long(case.subjects.join(rows, left_on="employee", right_on="person", how="inner"), fields)
    if "active_reports" in case.columns:
        here = facts.employee.filter(pl.col("status") != "left").select(pl.exclude("number"))
        named = case.subjects.join(
            here.with_columns(boss=pl.col("manager")), left_on="employee", right_on="boss", how="inner"
        ).sort("subject", "ref").group_by("subject", maintain_order=True).head(_REPORTS_SHOWN)
        yield _long(named, _REPORT_FIELDS)


def _of_employees(case: _Case, facts: Facts) -> Iterable[pl.DataFrame]:
    rows = case.subjects.join(facts.employee, left_on="employee", right_on="number", how="inner")
    yield _long(rows, _EMPLOYEE_FIELDS)
    if case.judges_salary:
        is_read = pl.col("monthly_salary").is_not_null()
        yield _long(
            rows.with_columns(monthly_salary=pl.when(is_read).then(pl.lit("confidential"))), ("monthly_salary",)
        )


def _of_loans(case: _Case, facts: Facts) -> Iterable[pl.DataFrame]:
    named = case.subjects.drop("employee").join(
        _money_text(facts.loan), left_on="subject", right_on="number", how="inner"
    ).with_columns(number=pl.col("subject"))
    yield _long(named, _LOAN_FIELDS)
    yield from _beside(case, facts)
    if case.judges_salary:
        yield from _of_employees(case, facts)
    if APPROVAL in case.streams:
        steps = named.select("rule", "over", "subject", "approval").join(
            _decided(facts.approval), left_on="approval", right_on="number", how="inner"
        ).with_columns(
            number=pl.col("approval"),
            ref=pl.concat_str("ref", pl.col("step").cast(pl.String), separator="#", ignore_nulls=True),
        )
        yield _long(steps, _STEP_FIELDS)


def _decided(steps: pl.DataFrame) -> pl.DataFrame:
    """Steps that were taken: whose turn it is proves nothing about a loan."""
    return steps.filter(pl.col("decision").ne_missing("waiting"))


def _beside(case: _Case, facts: Facts) -> Iterable[pl.DataFrame]:
    """The borrower's other loans that the finding rests on: those still open, those of the same day and purpose."""
    others = facts.loan.with_columns(
        owner=OWNER, day=pl.coalesce("lent_on", "applied_on"),
        of_purpose=pl.col("purpose").fill_null(""),
    )
    keyed = case.subjects.select("rule", "over", "subject").join(
        others.select("number", "owner", "day", "currency", "of_purpose"), left_on="subject", right_on="number",
        how="inner",
    )
    keyed = keyed.rename({"day": "own_day", "currency": "own_currency", "of_purpose": "own_purpose"})
    beside = keyed.join(others, on="owner", how="inner")
    is_open = (pl.col("balance") > 0).fill_null(False) if case.columns & _RESTS_ON_OPEN else pl.lit(False)
    is_alike = pl.lit(False)
    if case.columns & _RESTS_ON_DAY:
        is_alike = pl.all_horizontal(
            pl.col(name) == pl.col(f"own_{part}")
            for name, part in (("day", "day"), ("currency", "currency"), ("of_purpose", "purpose"))
        ).fill_null(False)
    yield _long(_money_text(beside.filter(is_open | is_alike)), _LOAN_FIELDS)


def _money_text(loans: pl.DataFrame) -> pl.DataFrame:
    digits = digits_of(pl.col("currency"))
    return loans.with_columns(
        principal=decimal(pl.col("principal"), digits), balance=decimal(pl.col("balance"), digits),
        is_allocated=pl.when(pl.col("is_allocated")).then(True),  # said only where it is so
    )


def _long(rows: pl.DataFrame, fields: tuple[str, ...]) -> pl.DataFrame:
    """One line per field that has a value; every value as text."""
    texts = [
        pl.col(name).dt.to_string("iso:strict") if rows.schema[name] == pl.Datetime("us", "UTC")
        else pl.col(name).cast(pl.String)
        for name in fields
    ]
    index = ["rule", "over", "subject", "system", "ref", "seen_at"]
    long = rows.select(*index, *texts).unpivot(
        on=list(fields), index=index, variable_name="field", value_name="value"
    )
    shown = long.filter(pl.col("value").is_not_null() & (pl.col("value") != ""))
    return shown.select(list(EVIDENCE_SCHEMA)).cast(pl.Schema(EVIDENCE_SCHEMA))
