"""The difference between what should stand and what stands, and what is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.model.plan import Action, digest, plan_hash
from connector.reconcile.desire import ExitDebt, FlagRules, Opinion, exit_marks, flags, warnings
from connector.reconcile.plan import Desired, Observed, difference
from tests.reconcile.test_clearance import CASE, OPEN_GATE

CONTENT = {"codes": ["loan.overdue"], "level": "warning"}
OTHER = {"codes": ["loan.overdue"], "level": "critical"}
FLAG = ("kingdee", "risk_flag", "E1")


def stands(content: dict[str, object] | None, **changes: object) -> dict[tuple[str, str, str], Observed]:
    return {FLAG: Observed(*FLAG, digest(content) if content else "", content, **changes)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "now", "verb"),
    [
        (CONTENT, None, "put"), (CONTENT, CONTENT, None), (CONTENT, OTHER, "replace"), (None, CONTENT, "remove"),
        (None, None, None),
    ],
)
def test_only_what_differs_is_an_action(
    wanted: dict[str, object] | None, now: dict[str, object] | None, verb: str | None
) -> None:
    actions = difference([Desired(*FLAG, "E1", wanted)], stands(now))
    assert [a.verb for a in actions] == ([verb] if verb else [])


def test_what_is_not_known_is_left_as_it_stands() -> None:
    assert difference([Desired(*FLAG, "E1", None, keep=True)], stands(CONTENT)) == ()


def test_a_release_is_an_action_though_no_mark_stands() -> None:
    wish = Desired("dingtalk", "exit_hold", "X1", "E1", None, release=True)
    assert [a.verb for a in difference([wish], {})] == ["remove"]


@pytest.mark.parametrize(("has_mark", "verbs"), [(True, []), (False, ["put"])])
def test_a_tick_of_a_person_is_respected_and_one_of_ours_is_not(has_mark: bool, verbs: list[str]) -> None:
    key = ("dingtalk", "todo", "X1")
    now = Observed(*key, digest({"exit": "E0"}) if has_mark else "", is_ticked=True)
    assert [a.verb for a in difference([Desired(*key, "E1", {"exit": "E1"})], {key: now})] == verbs


def test_the_hash_is_that_of_the_difference_and_of_nothing_else() -> None:
    one = Action("put", *FLAG, "E1", None, CONTENT, ("a",))
    two = Action("put", "kingdee", "risk_flag", "E2", "E2", None, CONTENT)
    assert plan_hash([one, two]) == plan_hash([two, Action("put", *FLAG, "renamed", None, CONTENT, ("b", "c"))])
    assert plan_hash([one]) != plan_hash([Action("put", *FLAG, "E1", OTHER, CONTENT)])


RULES = FlagRules(frozenset({"loan.overdue", "own"}), frozenset())


def opinion(rule: str, verdict: str = "hit", severity: str = "warning", number: str | None = "E1") -> Opinion:
    return Opinion(rule, "loan", "L1", "E1", number, verdict, severity)


def test_a_flag_carries_the_codes_of_its_hits_and_the_highest_level() -> None:
    found = [opinion("own", severity="critical"), opinion("loan.overdue"), opinion("other")]
    wished = flags(found, RULES, {}, "kingdee", {})
    assert [w.content for w in wished] == [{"codes": ["loan.overdue", "own"], "level": "critical"}]


def test_a_person_who_is_linked_to_nobody_is_not_flagged() -> None:
    assert flags([opinion("own", number=None)], RULES, {}, "kingdee", {}) == []


@pytest.mark.parametrize(
    ("opinions", "rules"),
    [
        ([], FlagRules(RULES.flagging, frozenset({"loan.overdue"}))),
        ([opinion("loan.overdue", "unknown")], RULES),
        ([], FlagRules(RULES.flagging, frozenset(), unseen=frozenset({"E1"}))),
        ([], FlagRules(RULES.flagging, frozenset(), doubted=frozenset({"E1"}), of_loans=frozenset({"loan.overdue"}))),
    ],
    ids=["blind", "unknown", "person_not_seen", "loan_in_doubt"],
)
def test_no_code_is_taken_away_on_ignorance(opinions: list[Opinion], rules: FlagRules) -> None:
    assert difference(flags(opinions, rules, stands(CONTENT), "kingdee", {}), stands(CONTENT)) == ()


def test_a_flag_without_a_cause_is_taken_away() -> None:
    assert [w.content for w in flags([], RULES, stands(CONTENT), "kingdee", {})] == [None]


WARNED = ("hr", "warning", "H1")
IN_HR = Opinion("own", "employee", "H1", "H1", "F1", "hit", "critical")


def test_a_warning_is_a_flag_under_the_number_that_hr_writes() -> None:
    (wish,) = warnings([IN_HR, opinion("other")], RULES, {}, "hr")
    assert (wish.identity, wish.content) == (WARNED, {"codes": ["own"], "level": "critical"})


@pytest.mark.parametrize(
    ("opinions", "rules", "verbs"),
    [
        ([], RULES, ["remove"]),
        ([replace(IN_HR, rule="loan.overdue", verdict="unknown")], RULES, []),
        ([], FlagRules(RULES.flagging, frozenset({"loan.overdue"})), []),
        ([], FlagRules(RULES.flagging, frozenset(), unseen=frozenset({"H1"})), []),
    ],
    ids=["no_cause", "unknown", "blind", "person_not_seen"],
)
def test_a_warning_goes_without_a_cause_and_never_on_ignorance(
    opinions: list[Opinion], rules: FlagRules, verbs: list[str]
) -> None:
    now = {WARNED: Observed(*WARNED, digest(CONTENT), CONTENT)}
    assert [action.verb for action in difference(warnings(opinions, rules, now, "hr"), now)] == verbs


DEBT = ExitDebt({"CNY": "28000.00"}, 2)


def marks(state: str, **seen: object) -> dict[str, Desired]:
    case = replace(CASE, state=state, ever_owed=state in ("held", "settled"))
    return {m.kind: m for m in exit_marks(case, replace(OPEN_GATE, **seen), DEBT, ())}


def test_a_debtor_is_held_at_an_open_gate_and_gets_a_todo() -> None:
    wished = marks("held", owes=True)
    assert wished["exit_hold"].content == {"balances": {"CNY": "28000.00"}, "loans": 2, "state": "held"}
    assert wished["todo"].content == {"exit": "E1"}


def test_where_the_gate_is_not_reached_only_the_todo_is_written() -> None:
    wished = marks("held", owes=True, gate="not_reached")
    assert wished["exit_hold"].keep and wished["todo"].content == {"exit": "E1"}


def test_what_is_not_proven_changes_neither_hold_nor_todo() -> None:
    assert all(mark.keep and not mark.release for mark in marks("held", owes=None).values())


def test_a_platform_that_can_only_alarm_gets_no_marks() -> None:
    assert marks("held", owes=True, strength="alarm_only") == {}


def test_whoever_may_go_is_released() -> None:
    assert marks("releasing")["exit_hold"].release
    assert not marks("open")["exit_hold"].release
