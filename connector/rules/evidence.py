"""Evidence: for findings only, the foreign rows they rest on, one line per field, with system, document and moment.

A salary is never shown; that it was read, and from which row, is.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from connector.model.findings import EVIDENCE_SCHEMA, no_evidence
from connector.rules.file import digits_of, paid_out
from connector.rules.knowledge import Facts, decimal

_LOAN_FIELDS = ("number", "principal", "balance", "currency", "lent_on", "due_on", "trip_start", "trip_end", "approval")
_STEP_FIELDS = ("number", "state", "node", "decision", "opinion", "decided_at", "finished_at")
_EXIT_FIELDS = ("number", "state", "gate", "requested_on", "last_day")
_EMPLOYEE_FIELDS = ("status", "last_day", "department", "position")


def gather(findings: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Evidence rows (`findings.EVIDENCE_SCHEMA`) for the subjects of `findings`, each field once."""
    subjects = findings.select("over", "subject", "employee", "rule").unique()
    people = subjects.filter(pl.col("over") != "loan")
    loans = subjects.filter(pl.col("over") == "loan").select("over", "subject").unique()
    parts = [no_evidence()]
    parts += list(_of_people(people.select("over", "subject", "employee").unique(), facts))
    parts += list(_of_loans(loans, facts))
    salaried = findings.filter(pl.col("rule") == "loan.over_salary_share").select("over", "subject").unique()
    parts.append(_salaries(salaried, facts))
    return pl.concat(parts).unique().sort("over", "subject", "system", "ref", "field")


def _of_people(people: pl.DataFrame, facts: Facts) -> Iterable[pl.DataFrame]:
    rows = people.join(facts.employee, left_on="employee", right_on="number", how="inner")
    yield _long(rows, _EMPLOYEE_FIELDS)
    exits = people.filter(pl.col("over") == "exit").drop("employee")
    yield _long(exits.join(facts.exit, left_on="subject", right_on="number", how="inner")
                .with_columns(number=pl.col("subject")), _EXIT_FIELDS)
    owed = _money_text(paid_out(facts))
    yield _long(people.join(owed, left_on="employee", right_on="person", how="inner"), _LOAN_FIELDS)


def _of_loans(loans: pl.DataFrame, facts: Facts) -> Iterable[pl.DataFrame]:
    named = loans.join(_money_text(facts.loan), left_on="subject", right_on="number", how="inner").with_columns(
        number=pl.col("subject")
    )
    yield _long(named, _LOAN_FIELDS)
    steps = named.select("over", "subject", "approval").join(
        facts.approval, left_on="approval", right_on="number", how="inner"
    ).with_columns(
        number=pl.col("approval"),
        ref=pl.concat_str("ref", pl.col("step").cast(pl.String), separator="#", ignore_nulls=True),
    )
    yield _long(steps, _STEP_FIELDS)


def _salaries(subjects: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    rows = subjects.join(facts.employee, left_on="subject", right_on="number", how="inner").with_columns(
        monthly_salary=pl.when(pl.col("monthly_salary").is_not_null()).then(pl.lit("confidential"))
    )
    return _long(rows, ("monthly_salary",))


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
    slim = rows.select("over", "subject", "system", "ref", "seen_at", *texts)
    long = slim.unpivot(
        on=list(fields), index=["over", "subject", "system", "ref", "seen_at"], variable_name="field",
        value_name="value",
    )
    return long.filter(pl.col("value").is_not_null()).select(list(EVIDENCE_SCHEMA)).cast(pl.Schema(EVIDENCE_SCHEMA))
