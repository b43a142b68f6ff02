"""Push: an intent, a socket, a look. What is confirmed, what is repeated, and what is left for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.adapters.contract import Receipt, SinkKind
from connector.errors import RetryableError
from connector.model.plan import Action, digest
from connector.model.runs import NightRecord
from connector.reconcile.plan import Observed
from connector.store.outbox import Command, unfinished
from connector.store.runs import take_lease
from connector.sync.nightly import run_night
from connector.sync.push import is_standing, landing_time
from tests.fakes import AS_OF, FakeSystem, House, item_row, small_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    return small_house(tmp_path)


def live(house: House) -> NightRecord:
    return run_night(house.desk, AS_OF, "live")


def lose_the_right(house: House, system: FakeSystem, patch: pytest.MonkeyPatch) -> None:
    """Another runner takes over while this one looks whether its write without an answer landed."""
    observe, push, pushed = system.observe, system.push, list[str]()

    def noted(action: Any, text: str) -> Any:
        pushed.append(action.ref)
        return push(action, text)

    def overtaken(kind: str, refs: Any) -> Any:
        if pushed and kind != "todo" and house.clock.ticks < 16 * 60:
            house.clock.sleep(16 * 60)
            take_lease(house.desk.store, house.clock.now())
        return observe(kind, refs)

    patch.setattr(system, "push", noted)
    patch.setattr(system, "observe", overtaken)


@pytest.mark.parametrize("name", ["finance", "oa"])
def test_a_runner_that_lost_its_right_repeats_no_write_whose_outcome_is_unknown(
    house: House, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = getattr(house, name)
    system.answers = ["lost_before"] * 2
    lose_the_right(house, system, monkeypatch)
    outcomes = {(o.outcome, o.detail) for o in live(house).outcomes if o.action["target"] == system.name}
    assert ("sent", "the right to run was lost") in outcomes
    assert system.effects == []


def test_what_was_not_repeated_is_left_for_the_next_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.finance.answers = ["lost_before"] * 2
    with monkeypatch.context() as patch:
        lose_the_right(house, house.finance, patch)
        live(house)
    assert {c.action.target for c in unfinished(house.desk.store) if c.state == "sent"} == {"kingdee"}
    house.clock.sleep(16 * 60)
    assert {o.outcome for o in live(house).outcomes if o.action["kind"] == "risk_flag"} >= {"confirmed"}
    assert len(house.finance.effects) == 2


def outcomes(record: NightRecord, target: str) -> set[tuple[str, str]]:
    return {(o.outcome, o.detail) for o in record.outcomes if o.action["target"] == target}


def test_every_write_is_an_intent_that_was_sent_before_the_socket_is_opened(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[str] = []
    push = house.finance.push

    def watched(action: Action, text: str) -> Receipt:
        rows = unfinished(house.desk.store)
        states.append(next(c.state for c in rows if (c.action.kind, c.action.ref) == (action.kind, action.ref)))
        return push(action, text)

    monkeypatch.setattr(house.finance, "push", watched)
    live(house)
    assert states == ["sent"] * 2


def test_what_landed_by_its_own_words_and_is_not_seen_is_not_confirmed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.finance, "push", lambda action, text: Receipt("landed"))
    record = live(house)
    assert outcomes(record, "kingdee") == {("blocked", "not_seen_after")}
    assert {t.code for t in record.troubles} == {"action_blocked"}
    assert len(live(house).plan["actions"]) == 2  # planned anew


def unseen(system: FakeSystem, patch: pytest.MonkeyPatch, from_look: int) -> None:
    """From its n-th look at flags on, the system does not show any."""
    observe, looks = system.observe, []

    def blind(kind: str, refs: Any) -> Any:
        looks.append(kind)
        if len(looks) >= from_look:
            raise RetryableError("away", place=system.name)
        return observe(kind, refs)

    patch.setattr(system, "observe", blind)


def test_nothing_is_written_where_what_stands_cannot_be_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    unseen(house.finance, monkeypatch, from_look=2)
    record = live(house)
    assert outcomes(record, "kingdee") == {("rejected", "not seen before the write: kingdee: away")}
    assert house.finance.effects == []


def test_what_cannot_be_read_back_stays_unknown_and_is_settled_by_the_next_run(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        unseen(house.finance, patch, from_look=3)
        assert outcomes(live(house), "kingdee") == {("sent", "not read back: kingdee: away")}
    assert ("confirmed", "read back by the next run") in outcomes(live(house), "kingdee")
    assert len(house.finance.effects) == 2


def test_a_comment_without_an_answer_is_waited_for_before_it_is_written_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.sync.push._AT_ONCE", 1)  # one after the other: the comment is the first
    house.oa.answers = ["lost_before"]
    begun = house.clock.monotonic()
    assert {o for o, _ in outcomes(live(house), "dingtalk")} == {"confirmed"}
    assert house.clock.monotonic() - begun >= 10.0  # the longest time in which it may land
    puts = [e for e in house.oa.effects if (e.kind, e.verb) == ("exit_hold", "put")]
    assert len(puts) == 1


def test_a_fault_in_an_adapter_is_an_unknown_outcome_and_looked_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = house.finance.push

    def crashing(action: Action, text: str) -> Receipt:
        push(action, text)
        raise KeyError("a bug after the write")

    monkeypatch.setattr(house.finance, "push", crashing)
    assert outcomes(live(house), "kingdee") == {("confirmed", "read back after an unknown outcome")}
    assert len(house.finance.effects) == 2


def test_a_ledger_with_an_unreadable_row_of_his_releases_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pull = house.finance.pull

    def blurred(stream: str, since: Any) -> Any:
        if stream == "open_item" and since.only is not None:
            house.finance.tables["open_item"].append(item_row("L8", "002", "0.00", lent_on="soon"))
        return pull(stream, since)

    monkeypatch.setattr(house.finance, "pull", blurred)
    record = live(house)
    assert ("rejected", "ledger_unread: rejected row") in outcomes(record, "dingtalk")
    assert house.oa.tables["exit"][1]["gate"] == "open"


def test_what_the_brakes_hold_is_told_and_not_written(house: House) -> None:
    for row in house.hr.tables["employee"]:
        row["monthly_salary"] = "1.00"
    house.finance.tables["open_item"] += [item_row(f"M{n}", f"{n:03d}", "50.00") for n in range(5, 31)]
    house.balance_books()
    record = live(house)
    assert ("held", "over_limit") in outcomes(record, "kingdee")
    assert house.finance.effects == []


PUT = Action("put", "dingtalk", "todo", "X1", "E1", None, {"exit": "E1"})
DROP = Action("remove", "dingtalk", "todo", "X1", "E1", {"exit": "E1"}, None)
RELEASE = Action("remove", "dingtalk", "exit_hold", "X1", "E1", None, None)
CONTENT = digest({"exit": "E1"})


@pytest.mark.parametrize(("action", "seen", "stands"), [
    (PUT, None, False), (PUT, {"digest": CONTENT}, True), (PUT, {"digest": "00000000"}, False),
    (DROP, None, True), (DROP, {"digest": ""}, True), (DROP, {"digest": CONTENT}, False),
    (DROP, {"digest": CONTENT, "is_ticked": True}, True),
    (RELEASE, None, False), (RELEASE, {"gate": "open"}, False), (RELEASE, {"gate": "passed", "gate_by_us": True}, True),
    (RELEASE, {"gate": "passed", "gate_by_us": False}, False), (RELEASE, {"gate": "closed", "gate_by_us": True}, False),
])
def test_only_what_the_action_wanted_counts_as_standing(
    action: Action, seen: dict[str, Any] | None, stands: bool
) -> None:
    mark = None if seen is None else Observed(**{"target": "dingtalk", "kind": action.kind, "ref": "X1",
                                                 "digest": "", "content": None} | seen)
    assert is_standing(action, mark) is stands


@pytest.mark.parametrize(("action", "sink", "seconds"), [
    (PUT, SinkKind("todo", "append", 10.0), 10.0), (PUT, SinkKind("todo", "upsert"), 0.0), (PUT, None, 0.0),
    (RELEASE, SinkKind("exit_hold", "append", 10.0), 0.0),  # it ends one task: a second one is refused
])
def test_only_what_may_stand_twice_is_waited_for(action: Action, sink: SinkKind | None, seconds: float) -> None:
    assert landing_time(Command(1, action, "sent", None, "run", ""), sink) == seconds
