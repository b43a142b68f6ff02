"""Rule books: what is refused and where, what a version is, and who a policy number is for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import RuleError
from connector.rules.book import POLICY_LIMIT, RuleBook, load_book
from tests.laws.companies import LAW
from tests.rules.facts import book as default_book
from tests.rules.facts import employee, facts, loan, verdicts

RULE: dict[str, Any] = {"code": "own.debt", "over": "employee", "when": "balance > most", "facts": ["balance"],
                        "audience": ["finance"], "severity": "warning", "marks": []}


def book(policy: Any = None, **changes: Any) -> RuleBook:
    policy = {"most": 100} if policy is None else policy
    return load_book(yaml.safe_dump({"policy": policy, "rules": [RULE | changes]}), "mine.yaml")


@pytest.mark.parametrize(("text", "words"), [
    ("rules: [", "not readable as YAML"), ("", "found no list `rules:`"), ("rules: {a: 1}", "found no list `rules:`"),
    ("- a", "found no list `rules:`"), ("rules: []\npolicies: {}", "`policies` is not known; known: policy, rules"),
])
def test_a_text_that_is_no_rule_book_is_refused(text: str, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_book(text, "mine.yaml")
    assert caught.value.place == "mine.yaml" and words in caught.value.message


@pytest.mark.parametrize(("changes", "words"), [
    ({"code": ""}, "has no `code`"), ({"over": "loans"}, "`over: loans`; known: employee, loan, exit"),
    ({"seveirty": "x"}, "`seveirty` is not known; known: code, over, when"),
    ({"facts": ["monthly_salary"]}, "confidential: it may be judged, not shown; use salary_band"),
    ({"facts": ["blance"]}, "`facts`: `blance` is not known; known: employee, department"),
    ({"facts": "balance"}, "found 'balance', expected a list"),
    ({"marks": {"a": 1}}, "expected a list like [risk_flag]"),
    ({"audience": ["boss"]}, "`boss` is not known; known: finance, hr, manager, it"),
    ({"severity": "high"}, "`severity: high`; known: info, warning, critical"),
    ({"mode": "maybe"}, "`mode: maybe`; known: on, observe, off"), ({"marks": ["fine"]}, "known: risk_flag, exit_hold"),
    ({"when": "balance >"}, "ends too early"),
])
def test_a_rule_that_cannot_be_used_is_refused_by_its_name_with_what_is_known(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(RuleError) as caught:
        book(**changes)
    assert caught.value.place.startswith("mine.yaml rule") and words in caught.value.message


@pytest.mark.parametrize(("policy", "place", "words"), [
    (5, "policy", "found 5, expected names with numbers"), ([1], "policy", "found [1]"),
    ({"most": -1}, "policy.most", "found -1, expected a whole number from 0 to"),
    ({"most": POLICY_LIMIT + 1}, "policy.most", "expected a whole number"), ({"most": 0.5}, "policy.most", "found 0.5"),
    ({"most": True}, "policy.most", "found True"), ({"most": {"position": {}}}, "policy.most", "found None"),
    ({"most": {"default": 1, "team": {}}}, "policy.most", "`team` is not known; known: default, department, position"),
    ({"most": {"default": 1, "position": 5}}, "policy.most", "`position`: found 5"),
    ({"most": {"default": 1, "department": {"x": "a"}}}, "policy.most", "found 'a'"),
    ({"balance": 1}, "policy.balance", "the name is taken"), ({"select": 1}, "policy.select", "the name is taken"),
    ({"Most": 1}, "policy.Most", "expected small letters"), ({5: 1}, "policy.5", "expected small letters"),
])
def test_a_policy_number_that_cannot_be_used_is_refused_by_its_name(policy: Any, place: str, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        book(policy)
    assert caught.value.place == f"mine.yaml {place}" and words in caught.value.message


def test_a_code_stands_once() -> None:
    with pytest.raises(RuleError, match="stands twice"):
        load_book(yaml.safe_dump({"policy": {"most": 1}, "rules": [RULE, RULE]}))


@pytest.mark.parametrize(("written", "mode"), [("on", "on"), ("off", "off"), ("observe", "observe"), (None, "on")])
def test_a_mode_may_be_written_bare(written: str | None, mode: str) -> None:
    mode_line = f", mode: {written}" if written else ""
    text = "rules: [{code: a, over: loan, when: balance > 0, facts: [], audience: [it], severity: info, marks: []%s}]"
    assert load_book(text % mode_line).rule("a").mode == mode


def test_a_rule_that_is_off_is_judged_for_nobody_and_still_known() -> None:
    off = book(mode="off")
    assert off.over("employee") == () and off.rule("own.debt").mode == "off"


def test_a_rule_rests_on_the_streams_of_the_columns_it_names() -> None:
    assert book(when="balance > 0").rule("own.debt").streams == {"open_item"}
    assert book(when="balance > 0 and status = 'left'").rule("own.debt").streams == {"open_item", "employee"}


def test_numbers_that_the_files_need_are_there_whatever_a_book_says() -> None:
    assert {"window_months", "approval_months"} <= set(load_book("rules: []").policies)
    assert load_book("policy: {window_months: 3}\nrules: []").policies["window_months"].default == 3


@pytest.mark.parametrize(("position", "department", "limit"), [
    ("driver", "sales", 300), ("driver", "other", 300), ("other", "sales", 200), ("other", "other", 100),
    (None, None, 100), (None, "sales", 200),
])
def test_the_number_of_a_position_wins_over_the_departments_and_that_over_the_companys(
    position: str | None, department: str | None, limit: int
) -> None:
    most = {"default": 100, "department": {"sales": 200}, "position": {"driver": 300}}
    person = employee(position=position, department=department)
    for balance, found in ((limit, {}), (limit + 1, {"E1": "hit"})):
        given = facts(employees=[person], loans=[loan(balance=balance)])
        assert verdicts("own.debt", given, book({"most": most})) == found


@LAW
@given(st.integers(0, POLICY_LIMIT), st.integers(0, POLICY_LIMIT))
def test_a_version_is_of_the_text_alone(one: int, other: int) -> None:
    assert (book({"most": one}).version == book({"most": other}).version) is (one == other)


@LAW
@given(st.text(max_size=60))
def test_any_text_is_a_rule_book_or_is_refused_as_one(text: str) -> None:
    for written in (text, f"rules: [{text}]", f"policy: {{{text}}}\nrules: []"):
        try:
            load_book(written)
        except RuleError as error:
            assert error.place


def test_the_rules_that_come_with_the_program_judge_an_empty_company() -> None:
    nobody = facts(employees=[], loans=[])
    assert all(verdicts(rule.code, nobody) == {} for rule in default_book().rules)
