"""The exit's life, row by row, and each condition of a release by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.reconcile.clearance import STATES, Case, Confirmation, Sight, blockers, fingerprint, follow

OPEN_GATE = Sight("running", "open", False, "hard", False, "", "f1")
CASE = Case("dingtalk", "X1", "E1", "001")
CONFIRMED = Confirmation("Wang", datetime(2026, 7, 31, tzinfo=UTC), "f1")

RUNNING = {"gate": "open"}
PASSED_BY_US = {"gate": "passed", "gate_by_us": True, "state": "completed"}
PASSED = {"gate": "passed", "state": "completed"}


@pytest.mark.parametrize(
    ("before", "seen", "after"),
    [
        ("open", RUNNING | {"owes": False}, "releasing"), ("open", RUNNING | {"owes": True}, "held"),
        ("open", RUNNING | {"owes": None}, "open"), ("held", RUNNING | {"owes": False}, "settled"),
        ("held", RUNNING | {"owes": None}, "held"), ("settled", RUNNING | {"owes": None}, "settled"),
        ("settled", RUNNING | {"owes": True}, "held"), ("releasing", RUNNING | {"owes": True}, "held"),
        ("releasing", RUNNING | {"owes": None}, "releasing"),
        ("releasing", RUNNING | {"owes": False}, "releasing"),
        ("releasing", {"gate": "not_reached", "owes": False}, "open"),
        ("open", {"gate": "absent", "owes": False}, "open"),
        ("releasing", PASSED_BY_US | {"owes": False}, "released"),
        ("held", {"state": "refused", "gate": "closed"}, "withdrawn"),
        ("settled", {"state": "withdrawn", "gate": "closed"}, "withdrawn"),
        ("held", PASSED_BY_US | {"owes": True}, "released"), ("settled", PASSED_BY_US | {"owes": None}, "released"),
        ("held", PASSED | {"owes": True}, "slipped_through"), ("open", PASSED | {"owes": False}, "released"),
        ("open", PASSED | {"owes": None}, "open"), ("slipped_through", PASSED | {"owes": True}, "slipped_through"),
        ("slipped_through", PASSED | {"owes": None}, "slipped_through"),
        ("slipped_through", PASSED | {"owes": False}, "released"),
        ("released", PASSED_BY_US | {"owes": True}, "recovery"),
        ("released", PASSED_BY_US | {"owes": None}, "released"),
        ("recovery", PASSED_BY_US | {"owes": False}, "released"),
        ("held", {"state": "completed", "gate": "absent", "owes": True}, "slipped_through"),
        ("held", PASSED | {"owes": True, "is_back": True}, "released"),
        ("slipped_through", PASSED | {"owes": True, "is_back": True}, "released"),
        ("released", PASSED_BY_US | {"owes": True, "is_back": True}, "released"),
        ("held", RUNNING | {"owes": True, "is_back": True}, "held"),
        ("released", RUNNING | {"owes": True}, "held"), ("released", RUNNING | {"owes": False}, "open"),
        ("withdrawn", RUNNING | {"owes": True}, "held"),
        ("withdrawn", {"state": "refused", "gate": "closed"}, "withdrawn"),
    ],
)
def test_a_case_lives_from_look_to_look(before: str, seen: dict[str, object], after: str) -> None:
    sight = replace(OPEN_GATE, **seen)
    assert follow(replace(CASE, state=before), sight).state == after
    assert after in STATES


@pytest.mark.parametrize("ever_owed", [True, False])
@pytest.mark.parametrize("always", [True, False])
def test_whoever_needs_finance_waits_as_settled(ever_owed: bool, always: bool) -> None:
    after = follow(replace(CASE, ever_owed=ever_owed), OPEN_GATE, always)
    assert after.state == ("settled" if ever_owed or always else "releasing")


def test_owing_and_doubt_are_remembered_for_as_long_as_the_case_lives() -> None:
    assert follow(CASE, replace(OPEN_GATE, owes=True)).ever_owed
    assert follow(CASE, replace(OPEN_GATE, owes=None, was_in_doubt=True)).ever_owed
    assert not follow(CASE, OPEN_GATE).ever_owed
    assert not follow(replace(CASE, state="released"), replace(OPEN_GATE, **PASSED_BY_US, owes=True)).ever_owed


@pytest.mark.parametrize(
    ("owes", "seen", "kept"), [(False, "f1", True), (False, "f2", False), (True, "f1", False), (None, "f2", True)]
)
def test_a_confirmation_falls_with_the_ledger_and_not_with_ignorance(owes: bool | None, seen: str, kept: bool) -> None:
    case = replace(CASE, state="settled", ever_owed=True, confirmation=CONFIRMED)
    assert (follow(case, replace(OPEN_GATE, owes=owes, fingerprint=seen)).confirmation is not None) is kept


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({"state": "completed"}, "not_running"), ({"strength": "alarm_only"}, "alarm_only"),
        ({"strength": "soft"}, "alarm_only"), ({"gate": "not_reached"}, "gate_not_open"),
        ({"gate": "absent"}, "gate_not_open"), ({"owes": None}, "unproven"), ({"owes": True}, "owes"),
    ],
)
def test_each_condition_alone_withholds_the_release(seen: dict[str, object], code: str) -> None:
    assert blockers(CASE, OPEN_GATE) == ()
    assert blockers(CASE, replace(OPEN_GATE, **seen)) == (code,)


def test_a_debtor_and_with_always_everybody_needs_a_confirmation_of_this_very_ledger() -> None:
    debtor = replace(CASE, ever_owed=True)
    assert blockers(debtor, OPEN_GATE) == blockers(CASE, OPEN_GATE, True) == ("not_confirmed",)
    assert blockers(replace(debtor, confirmation=CONFIRMED), OPEN_GATE) == ()
    assert blockers(replace(debtor, confirmation=CONFIRMED), replace(OPEN_GATE, fingerprint="f2")) == ("not_confirmed",)


def test_a_fingerprint_is_that_of_the_ledger_in_any_order() -> None:
    rows = [("a", "CNY", 0), ("b", "USD", 5)]
    assert fingerprint(rows) == fingerprint(rows[::-1])
    assert len({fingerprint(rows), fingerprint(rows[:1]), fingerprint([("a", "CNY", 1)]), fingerprint(())}) == 4
