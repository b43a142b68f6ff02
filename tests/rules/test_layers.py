"""A company's sheets over the built-in book: what they change, add and refuse; and what differs between two books."""

from __future__ import annotations

import pytest

from connector.errors import RuleError
from connector.rules.book import RuleBook, load_book
from connector.rules.changes import Change, changes
from connector.rules.trial import try_examples

BASE = """
policy: {limit: 100, share: {default: 50, department: {sales: 60}}}
rules:
  - {code: a.one, over: loan, when: balance > limit, audience: [finance], severity: warning}
  - {code: a.two, over: employee, when: owes, audience: [hr], severity: info}
"""
OWN = "{code: own.three, over: loan, when: 'principal > 5', audience: [finance], severity: info}"


def laid(*sheets: str) -> RuleBook:
    return load_book(BASE, "base", [(f"sheet {n}", text) for n, text in enumerate(sheets)])


def test_a_sheet_changes_only_what_it_names() -> None:
    book = laid("rules: [{code: a.one, mode: off}]")
    assert (book.rule("a.one").mode, book.rule("a.one").when) == ("off", "balance > limit")
    assert book.rule("a.two").mode == "on"


def test_a_sheet_adds_rules_and_later_sheets_win() -> None:
    book = laid(f"rules: [{OWN}]", "rules: [{code: own.three, severity: critical}]")
    assert [rule.code for rule in book.rules] == ["a.one", "a.two", "own.three"]
    assert book.rule("own.three").severity == "critical"


@pytest.mark.parametrize(("own", "default", "department"), [
    ("{share: 40}", 40, {"sales": 60}), ("{share: {department: {it: 10}}}", 50, {"sales": 60, "it": 10}),
    ("{share: {default: 1, department: {sales: 2}}}", 1, {"sales": 2}),
])
def test_numbers_of_departments_stay_beside_a_companys_own(own: str, default: int, department: dict[str, int]) -> None:
    share = laid(f"policy: {own}").policies["share"]
    assert (share.default, dict(share.department)) == (default, department)


@pytest.mark.parametrize(("sheet", "said"), [
    ("rules: [{code: a.one, when: 'nonsense > 1'}]", "nonsense"), ("rulez: []", "rulez"), ("rules: {}", "rules"),
    ("policy: [1]", "policy"), ("rules: [{code: x.y}]", "over"), ("rules: [{code: a.one}, {code: a.one}]", "twice"),
    ("policy: {limit: many}", "many"), ("[1]", "rules"),
])
def test_a_bad_sheet_is_named_with_what_stands_there(sheet: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        laid(sheet)
    assert "sheet 0" in caught.value.place and said in f"{caught.value.place} {caught.value.message}"


def test_the_version_is_that_of_what_is_said_and_not_of_how_it_is_written() -> None:
    plain = load_book(BASE)
    assert plain.version == load_book("# a remark\n" + BASE).version == load_book(plain.text).version
    assert plain.version != laid("rules: [{code: a.one, mode: off}]").version


def test_books_are_compared_number_by_number_and_rule_by_rule() -> None:
    other = laid("policy: {limit: 7}", f"rules: [{OWN}, {{code: a.two, severity: critical}}]")
    assert changes(load_book(BASE), other) == [
        Change("policy", "limit", "value", 100, 7), Change("rule", "a.two", "severity", "info", "critical"),
        Change("rule", "own.three", "", None, "principal > 5"),
    ]
    assert changes(other, load_book(BASE))[-1] == Change("rule", "own.three", "", "principal > 5", None)
    assert changes(other, other) == []


def with_examples(*examples: str) -> RuleBook:
    return laid(f"rules: [{{code: a.one, examples: [{', '.join(examples)}]}}]")


def test_examples_are_tried_with_the_companys_numbers() -> None:
    book = with_examples(
        "{row: {balance: 101}, verdict: hit}", "{row: {balance: 100}, verdict: hit}", "{row: {}, verdict: unknown}",
        "{row: {balance: 100, limit: 99}, verdict: hit}",
    )
    assert [(one.number, one.found) for one in try_examples(book)] == [
        (1, "hit"), (2, "clear"), (3, "unknown"), (4, "hit"),
    ]
    assert [one.is_right for one in try_examples(book)] == [True, False, True, True]


@pytest.mark.parametrize(("example", "said"), [
    ("{row: {balanze: 1}, verdict: hit}", "balanze"), ("{row: {balance: 1}, verdict: maybe}", "maybe"),
    ("{row: {balance: much}, verdict: hit}", "much"), ("{row: {balance: true}, verdict: hit}", "True"),
    ("{row: {lent_on: 31.7.}, verdict: hit}", "31.7."), ("{verdict: hit}", "verdict"), ("5", "5"),
])
def test_a_bad_example_is_named(example: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        with_examples(example)
    assert "a.one" in caught.value.place and said in f"{caught.value.place} {caught.value.message}"
