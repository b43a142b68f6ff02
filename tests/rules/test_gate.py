"""What a condition may say: comparisons over known columns, and nothing that could compute, read or overflow."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
import yaml

from connector.errors import RuleError
from connector.rules.book import _NODES, RuleBook, load_book, node_names
from connector.rules.columns import FILES
from tests.rules.facts import employee, facts, loan, verdicts

POLICY = {"share": 50, "large": 10**10}


def book(when: str, over: str = "employee", **changes: Any) -> RuleBook:
    rule = {"code": "own.rule", "over": over, "when": when, "facts": [], "audience": ["finance"], "severity": "info",
            "marks": []} | changes
    return load_book(yaml.safe_dump({"policy": POLICY, "rules": [rule]}), "book")


@pytest.mark.parametrize("when", [
    "balance > 0", "balance > 0 and balance * 100 > monthly_salary * share", "status = 'left' and owes",
    "status in ('left', 'leaving')", "status not in ('active')", "not owes", "not (owes or balance > 0)",
    "balance between 1 and 100", "balance not between 1 and 100", "last_day < date '2026-07-31'",
    "last_day <= hired_on + interval '6 months'", "oldest_open_on + interval '30 days' < last_day", "abs(balance) >= 3",
    "owes = true", "department = '销售部'", "balance <> 5", "balance != 5", "balance + 1 - 2 > large",
    "balance * 2 > 4",
    "department = 'O''Neil'",
])  # fmt: skip
def test_a_comparison_of_known_columns_passes_and_polars_reads_it(when: str) -> None:
    rule = book(when).rules[0]
    columns = {name: column.dtype for name, column in FILES["employee"].items()}
    frame = pl.DataFrame({name: [None] for name in columns}, schema=columns).with_columns(
        [pl.lit(value, dtype=pl.Int64).alias(name) for name, value in POLICY.items()]
    )
    assert frame.select(rule.expression).to_series().dtype == pl.Boolean
    assert node_names(rule.expression) <= _NODES


@pytest.mark.parametrize("when", [
    "balance > avg(balance)", "sum(balance) over (partition by department) > 0", "count(*) > 1", "now() > last_day",
    "last_day > current_date", "balance / 2 > 1", "balance // 2 > 1", "balance % 2 = 1", "balance is null",
    "balance = null",
    "coalesce(balance, 0) = 0", "case when owes then true else false end", "cast(balance as text) = '1'", "true",
    "1 = 1", "(select 1) = 1", "balance > 1; drop table x", "balance > 1 -- all", "\"balance\" > 1", "balance > 1.5",
    "balance > 1e9", "status = 'lefft'", "status = 1", "owes > 1", "not balance", "balance", "balance and owes",
    "last_day > '2026-01-01'", "last_day < 5", "last_day - hired_on > 3", "interval '1 day' + last_day > hired_on",
    "last_day + interval '1 year' > hired_on", "date '2026-02-30' < last_day", "blance > 1", "balance >", "> 1", "",
    "(balance > 1", "balance > 1)", "balance > 1 or", "balance in (1, open_loans)", "balance in ()",
    "department like 'a%'", "^b.*$ > 1", "balance > 99999999999999999999", "department = 'a", "a.b > 1",
])  # fmt: skip
def test_everything_else_is_refused(when: str) -> None:
    with pytest.raises(RuleError):
        book(when)


@pytest.mark.parametrize("when", [
    "balance * balance > 1", "balance * open_loans > 1", "balance * large > 1", "balance * 999999999999999 > 1",
    "balance * share * share * share * share > 0",
])  # fmt: skip
def test_nothing_can_grow_beyond_64_bits(when: str) -> None:
    with pytest.raises(RuleError):
        book(when)


def test_the_place_of_a_mistake_is_said() -> None:
    with pytest.raises(RuleError, match=r"line 2, column 5: `blance` is not known; known: .*balance"):
        book("owes\nand blance > 1")


@pytest.mark.parametrize("when", [
    "(" * 300 + "owes" + ")" * 300, "owes and " * 200 + "owes", "owes or " * 1000 + "owes",
])
def test_a_program_is_no_condition(when: str) -> None:
    with pytest.raises(RuleError):
        book(when)


@pytest.mark.parametrize("name", ["balance", "current_date", "now", "null", "Share", "a b", "1st", "exit"])
def test_a_policy_takes_no_name_that_means_something_else(name: str) -> None:
    with pytest.raises(RuleError, match="name is taken"):
        load_book(yaml.safe_dump({"policy": {name: 1}, "rules": []}), "book")


@pytest.mark.parametrize("value", [
    -1, 10**10 + 1, "5", 1.5, True, None, {"department": {"x": 1}}, {"default": 1, "x": 2},
])
def test_a_policy_is_a_whole_number_within_bounds(value: Any) -> None:
    with pytest.raises(RuleError):
        load_book(yaml.safe_dump({"policy": {"own": value}, "rules": []}), "book")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"over": "person"}, "over: person"),
        ({"facts": ["monthly_salary"]}, "confidential"), ({"facts": ["x"]}, "facts"),
        ({"audience": ["boss"]}, "audience"), ({"severity": "bad"}, "severity"), ({"marks": ["stamp"]}, "marks"),
        ({"mode": "maybe"}, "mode"), ({"code": ""}, "code"),
        ({"wehn": "owes"}, "`wehn` is not known; known: code, over"),
    ],
)
def test_the_rest_of_a_rule_is_checked_too(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RuleError, match=said):
        book("owes", **changes)


@pytest.mark.parametrize("text", [
    "rules: 5", "[]", "{rules: [], polcy: {}}", "rules: [", "rules: [{code: a}, 5]", "!!python/object:os.system {}",
])
def test_a_book_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        load_book(text)


def test_a_code_stands_once() -> None:
    row = {"code": "a", "over": "loan", "when": "is_paid_out", "severity": "info"}
    with pytest.raises(RuleError, match="twice"):
        load_book(yaml.safe_dump({"rules": [row, row]}))


def test_a_threshold_may_differ_by_department_and_position() -> None:
    policy = {"most": {"default": 1, "department": {"S": 2}, "position": {"P": 3}}}
    rule = {"code": "own", "over": "employee", "when": "open_loans > most", "severity": "info"}
    rules = load_book(yaml.safe_dump({"policy": policy, "rules": [rule]}))
    people = [employee("A"), employee("B", department="S"), employee("C", department="S", position="P")]
    for count, found in ((2, {"A"}), (3, {"A", "B"}), (4, {"A", "B", "C"})):
        loans = [loan(f"{p}{n}", person=p) for p in "ABC" for n in range(count)]
        assert set(verdicts("own", facts(employees=people, loans=loans), rules)) == found
