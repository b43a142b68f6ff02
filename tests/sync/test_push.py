"""Push: what is written after doubt, and by whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.model.runs import NightRecord
from connector.store.outbox import unfinished
from connector.store.runs import take_lease
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, FakeSystem, House, small_house


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
