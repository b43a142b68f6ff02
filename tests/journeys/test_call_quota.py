"""What a month costs: thirty nights and looks over the sample company stay far inside the vendor's monthly quota."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.sandbox.approval_steps import Application, agreed, rows_of, waiting
from connector.sandbox.company import write_sample_company
from connector.sandbox.world import World
from connector.sync.look import look_at
from tests.journeys.conftest import FIRST_NIGHT, Town, TownClock, open_town

# The vendor's standard edition allows 10,000 calls a month for all applications of a company together.
MOST = 6_000
NIGHTS = 30
APPROVERS = {"部门经理": "1002", "财务经理": "1024", "人事经理": "1028"}


class WorldClock(TownClock):
    """The world's own time, so that what is read again after a week is."""

    def now(self) -> datetime:
        return self._world.now().astimezone(UTC)


def apply_for(world: World, serial: int, reached: int) -> None:
    """A loan application of today that has come so far."""
    about = Application(f"SP9{serial:03}", "1003", f"JK9{serial:03}")
    steps = agreed() if reached == len(APPROVERS) else waiting(reached)
    for row in rows_of(about, steps, world.today(), APPROVERS):
        world.put("approvals", row)


def usual_day(town: Town, night: int) -> None:
    """Every other day somebody applies and what was asked for two days ago is agreed; now and then somebody resigns."""
    if night <= 3:
        town.happens(night)
    else:
        town.world.advance(24 * 3600)
    if night % 2:
        apply_for(town.world, night, 1)
    if night % 2 and night > 2:
        apply_for(town.world, night - 2, len(APPROVERS))
    if night % 10 == 0:
        day = town.world.today()
        town.world.put("exits", {
            "number": f"LZ9{night:03}", "employee": f"10{night // 10 + 14}", "requested_on": day.isoformat(),
            "last_day": (day + timedelta(days=30)).isoformat(), "kind": "resignation", "status": "running",
        })  # fmt: skip


def test_a_month_of_thirty_people_costs_less_than_six_thousand_calls(tmp_path: Path) -> None:
    write_sample_company(tmp_path / "company", FIRST_NIGHT)
    with open_town(tmp_path, clock=WorldClock, dingtalk={"roster": True, "attendance": True}) as town:
        standin = town.box.fronts[1].standin
        assert isinstance(standin, DingTalkStandIn)
        for night in range(1, NIGHTS + 1):
            usual_day(town, night)
            assert not any("dingtalk" in trouble.place for trouble in town.night().troubles)
            for leaver in (town.debtor, "1012"):
                look_at(town.desk, leaver, town.world.today())
        spent = sum(calls for day, calls in standin.calls.items() if len(day) == len("2026-07-29"))
    assert 1_000 < spent < MOST
