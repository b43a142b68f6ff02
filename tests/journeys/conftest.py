"""A town: the sample company's stand-ins on real ports, and a desk that runs nights against them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.adapters.kit.clock import SystemClock
from connector.app import House
from connector.cli.demo import HrSource, settings_of
from connector.model.runs import NightRecord
from connector.sandbox.company import SAMPLE_DEBTOR, sample_story, write_sample_company
from connector.sandbox.server import Sandbox, start_sandbox
from connector.sandbox.world import World, load_world
from connector.sync.clearances import confirm_exit
from connector.sync.connections import Desk
from connector.sync.nightly import run_night

FIRST_NIGHT = date(2026, 7, 29)


class TownClock(SystemClock):
    """Wall time; a sleep passes in the world at once and nobody waits."""

    def __init__(self, world: World) -> None:
        self._world = world

    def sleep(self, seconds: float) -> None:
        self._world.advance(seconds)


@dataclass
class Town:
    """The stand-ins and one desk."""

    box: Sandbox
    desk: Desk
    debtor: str = SAMPLE_DEBTOR

    @property
    def world(self) -> World:
        return self.box.world

    @property
    def standin(self) -> KingdeeStandIn:
        """The make-believe Kingdee, for its switches."""
        found = self.box.fronts[0].standin
        assert isinstance(found, KingdeeStandIn)
        return found

    def night(self, as_of: date | None = None) -> NightRecord:
        return run_night(self.desk, as_of or self.world.today(), "live")

    def happens(self, night: int) -> None:
        """It is the day of a night, and what the sample's story puts before it has come."""
        gone = (FIRST_NIGHT + timedelta(days=night - 1) - self.world.today()).days
        self.world.advance(gone * 24 * 3600)
        for table, row in sample_story(FIRST_NIGHT)[night - 1]:
            self.world.put(table, row)

    def chaos(self, *rules: dict[str, Any]) -> None:
        self.box.chaos.arm(list(rules))
        self.box._write_hr()

    def confirm(self) -> None:
        confirm_exit(self.desk, self.debtor, "finance")

    def effects(self, *ops: str) -> list[dict[str, object]]:
        return [e for e in self.world.effects if not ops or any(op in str(e["op"]) for op in ops)]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    write_sample_company(tmp_path / "company", FIRST_NIGHT)
    with open_town(tmp_path) as found:
        yield found


@contextmanager
def open_town(
    folder: Path, clock: type[TownClock] = TownClock, dingtalk: Mapping[str, Any] | None = None, sheet: str = "",
    **kingdee: Any,
) -> Iterator[Town]:
    """The town of `folder/company`. `kingdee`, `dingtalk`: options of those connections other than the usual; a
    DingTalk with a roster is the HR store. `sheet`: over the rules."""
    world = load_world(folder / "company")
    standins = {"kingdee": KingdeeStandIn(world), "dingtalk": DingTalkStandIn(world, rate_limits=False)}
    with ExitStack() as stack:
        box = stack.enter_context(start_sandbox(world, standins))
        document = settings_of(world, box.describe(), HrSource())
        document["connections"]["kingdee"] |= kingdee
        document["connections"]["dingtalk"] |= dingtalk or {}
        if (dingtalk or {}).get("roster"):
            del document["connections"]["hr"]
        if sheet:
            (folder / "sheet.d").mkdir()
            (folder / "sheet.d" / "own.yaml").write_text(sheet, "utf-8")
            document["rules"] = "sheet.d"
        yield Town(box, stack.enter_context(House().desk_of(document, folder, clock=clock(world))))


def planned(record: NightRecord) -> set[tuple[str, str, str]]:
    """(verb, kind, employee) of every action, held ones too."""
    held = [a for g in record.plan["held"] for a in g["actions"]]
    return {(a["verb"], a["kind"], a["employee"]) for a in [*record.plan["actions"], *held]}


def released(record: NightRecord) -> set[str]:
    return {employee for verb, kind, employee in planned(record) if (verb, kind) == ("remove", "exit_hold")}


def causes(record: NightRecord) -> list[str]:
    """Everything that the night says is not whole."""
    return [f"{t.code} {t.facts}" for t in record.troubles]
