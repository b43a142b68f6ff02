"""Judging: each rule is one yes-no-unknown column over its file; hits and, where they matter, unknowns are findings.

A rule that rests on an incomplete stream is blind: its hits stay, its unknowns are not listed one by one (but for
exits that run, which are few and must each be visible), and nothing it once found or marked is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from connector.model.findings import FINDING_SCHEMA, no_findings
from connector.model.values import exponent
from connector.rules.book import Policy, Rule, RuleBook
from connector.rules.columns import FILES, KEYS
from connector.rules.file import digits_of, employee_file, exit_file, loan_file
from connector.rules.knowledge import Facts, decimal


@dataclass(frozen=True)
class Judgement:
    """What one part of the company gives: findings, the files, the codes of blind rules."""

    findings: pl.DataFrame
    employees: pl.DataFrame
    loans: pl.DataFrame
    exits: pl.DataFrame
    blind: frozenset[str]


def judge(facts: Facts, book: RuleBook, absent: frozenset[str]) -> Judgement:
    """All rules over one part. `absent`: streams that no connection delivers; their rules are off."""
    employees = employee_file(facts, book.policies)
    files = {
        "employee": employees,
        "loan": loan_file(facts, book.policies, employees),
        "exit": exit_file(facts, book.policies),
    }
    blind = frozenset(
        rule.code for rule in book.rules
        if rule.streams - facts.complete and not rule.streams & absent
    )
    found = [no_findings()]
    for over, file in files.items():
        rules = [rule for rule in book.over(over) if not rule.streams & absent]
        judged = with_policies(file, book.policies, files["employee"]).with_columns(
            [rule.expression.alias(f"?{rule.code}") for rule in rules]
        )
        found += [_findings(rule, judged, facts.currency, rule.code in blind) for rule in rules]
    return Judgement(pl.concat(found), files["employee"], files["loan"], files["exit"], blind)


def with_policies(file: pl.DataFrame, policies: Mapping[str, Policy], employees: pl.DataFrame) -> pl.DataFrame:
    """Policy numbers as columns: position wins over department over company."""
    overridden = any(p.department or p.position for p in policies.values())
    if overridden and "department" not in file.columns:
        file = file.join(
            employees.select("employee", "department", "position"), on="employee", how="left", validate="m:1"
        )
    return file.with_columns([_policy(policy).alias(name) for name, policy in policies.items()])


def _policy(policy: Policy) -> pl.Expr:
    value: pl.Expr = pl.lit(policy.default, dtype=pl.Int64)
    for column, numbers in (("department", policy.department), ("position", policy.position)):
        if numbers:
            own = pl.col(column).replace_strict(dict(numbers), default=None, return_dtype=pl.Int64)
            value = pl.coalesce(own, value)
    return value


def _findings(rule: Rule, judged: pl.DataFrame, currency: str, is_blind: bool) -> pl.DataFrame:
    verdict = pl.col(f"?{rule.code}")
    if not is_blind:
        shown: pl.Expr = pl.lit(True)
    elif rule.over == "exit":  # exits that run are few, and each must be seen
        shown = pl.col("is_running")
    else:
        shown = pl.lit(False)
    rows = judged.filter(verdict.fill_null(shown))
    subject, employee = pl.col(KEYS[rule.over]), pl.col("employee")
    return rows.select(
        rule=pl.lit(rule.code), over=pl.lit(rule.over), subject=subject, employee=employee,
        verdict=pl.when(verdict).then(pl.lit("hit")).otherwise(pl.lit("unknown")),
        facts=_facts_json(rule, currency),
    ).cast(pl.Schema(FINDING_SCHEMA))


def _facts_json(rule: Rule, currency: str) -> pl.Expr:
    """The facts of a rule as canonical JSON: money as decimal text, days in ISO form, the rest as it is."""
    shown = []
    for name in sorted({*rule.facts, "currency"} if _has_home_money(rule) else rule.facts):
        column = FILES[rule.over].get(name)
        value = pl.col(name) if column is not None or name != "currency" else pl.lit(currency)
        if column is not None and column.money is not None:
            digits = digits_of(pl.col(column.money)) if column.money else exponent(currency)
            value = decimal(pl.col(name), digits)
        elif column is not None and column.digits:
            value = decimal(pl.col(name), column.digits)
        elif column is None and name == "trip_rate":
            value = decimal(pl.col(name), exponent(currency))
        elif column is not None and column.dtype == pl.Date:
            value = pl.col(name).dt.to_string("%Y-%m-%d")
        shown.append(value.alias(name))
    if not shown:
        return pl.lit("{}")
    return pl.struct(shown).struct.json_encode()


def _has_home_money(rule: Rule) -> bool:
    return any(FILES[rule.over][n].money == "" for n in rule.facts if n in FILES[rule.over])
