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
from connector.rules.columns import APPROVAL, EXIT, HR, OPEN
from connector.rules.file import digits_of, paid_out
from connector.rules.knowledge import Facts, decimal

_LOAN_FIELDS = ("number", "principal", "balance", "currency", "lent_on", "due_on", "trip_start", "trip_end", "approval")
_STEP_FIELDS = ("number", "state", "node", "decision", "opinion", "decided_at", "finished_at")
_EXIT_FIELDS = ("number", "state", "gate", "requested_on", "last_day")
_EMPLOYEE_FIELDS = ("name", "status", "last_day", "department", "position")

# Columns that count settled loans too; other rules rest on what is open.
_COUNTS_SETTLED = frozenset({"loans_in_window", "certain_loans_in_window"})
# What findings of the link step rest on, by what they are about.
_OF_LINKS: Mapping[str, frozenset[str]] = {
    "loan": frozenset({OPEN}), "exit": frozenset({EXIT}), "employee": frozenset({HR}),
}


@dataclass(frozen=True)
class _Case:
    """Findings of one rule over one file, and what that rule rests on."""

    subjects: pl.DataFrame  # rule, over, subject, employee
    streams: frozenset[str]
    counts_settled: bool = False
    judges_salary: bool = False


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
        return _Case(subjects, _OF_LINKS[over])
    return _Case(subjects, rule.streams, bool(rule.columns & _COUNTS_SETTLED), "monthly_salary" in rule.columns)


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
        counts = counts | (pl.col("lent_on") > window_start) if case.counts_settled else counts
        owed = _money_text(paid_out(facts).filter(counts).with_columns(owner=pl.coalesce("person", "employee")))
        yield _long(case.subjects.join(owed, left_on="employee", right_on="owner", how="inner"), _LOAN_FIELDS)


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
    if APPROVAL in case.streams:
        steps = named.select("rule", "over", "subject", "approval").join(
            facts.approval, left_on="approval", right_on="number", how="inner"
        ).with_columns(
            number=pl.col("approval"),
            ref=pl.concat_str("ref", pl.col("step").cast(pl.String), separator="#", ignore_nulls=True),
        )
        yield _long(steps, _STEP_FIELDS)


def _money_text(loans: pl.DataFrame) -> pl.DataFrame:
    digits = digits_of(pl.col("currency"))
    return loans.with_columns(
        principal=decimal(pl.col("principal"), digits), balance=decimal(pl.col("balance"), digits)
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
    return long.filter(pl.col("value").is_not_null()).select(list(EVIDENCE_SCHEMA)).cast(pl.Schema(EVIDENCE_SCHEMA))
