"""The command line as a person uses it, against the stand-ins of a company folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.app import House
from connector.cli.demo import HrSource, _write_config
from connector.cli.main import run
from connector.sandbox.company import write_sample_company
from connector.sandbox.server import Sandbox, start_sandbox
from connector.sandbox.world import World, load_world
from connector.sync.connections import Desk
from tests.journeys.conftest import FIRST_NIGHT, TownClock


class QuickHouse(House):
    """The house, where a wait passes in the make-believe world and nobody sits it out."""

    def __init__(self, world: World) -> None:
        self._world = world

    @contextmanager
    def desk(self, config: Path, progress: Any = lambda stage, rows: None, clock: Any = None) -> Iterator[Desk]:
        with super().desk(config, progress, TownClock(self._world)) as desk:
            yield desk


@dataclass
class Told:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """A shell with a configuration at hand."""

    config: Path
    box: Sandbox
    capture: Any

    def __call__(self, *words: str, plain: bool = False) -> Told:
        given = list(words) if plain else [*words, "--config", str(self.config)]
        self.capture.readouterr()
        code = run(given, lambda: QuickHouse(self.box.world))
        said = self.capture.readouterr()
        return Told(code, said.out, said.err)


@pytest.fixture
def terminal(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    write_sample_company(tmp_path / "company", FIRST_NIGHT)
    world = load_world(tmp_path / "company")
    standins = {"kingdee": KingdeeStandIn(world), "dingtalk": DingTalkStandIn(world, rate_limits=False)}
    with ExitStack() as stack:
        box = stack.enter_context(start_sandbox(world, standins))
        config = tmp_path / "home" / "connector.yaml"
        _write_config(config, world, box.describe(), HrSource())
        yield Terminal(config, box, capsys)
