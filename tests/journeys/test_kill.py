"""kill -9 in the middle of a night, at a moment that the stand-ins choose; then the next night, as if nothing was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Terminal, terminal
from tests.house.source import ROOT

__all__ = ["terminal"]  # the fixture

# The test waits so long for a moment to come, seconds; it comes within one.
PATIENCE = 60
SILENCE = {"times": 1, "args": {"seconds": 120}}


@pytest.fixture
def shop(terminal: Terminal, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal whose nights keep their store in a file, or on a server."""
    monkeypatch.setenv("CONNECTOR_STORE", store_url)
    return terminal


def kill_when(terminal: Terminal, has_come: Callable[[], bool]) -> None:
    """Run a night in a process of its own and kill it at a moment."""
    words = [sys.executable, "-P", "-m", "connector", "run", "--config", str(terminal.config)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as night:
        pause = threading.Event()
        for _ in range(PATIENCE * 20):
            if has_come() or night.poll() is not None:
                break
            pause.wait(0.05)
        assert has_come() and night.poll() is None
        night.send_signal(signal.SIGKILL)


def fired(terminal: Terminal) -> bool:
    return any(rule["fired"] for rule in terminal.box.chaos.describe())


def counted(terminal: Terminal) -> Counter[tuple[str, str]]:
    return Counter((str(e["op"]), str(e["key"])) for e in terminal.box.world.effects)


@pytest.mark.parametrize(
    "rule",
    [
        {"system": "kingdee", "op": "ExecuteBillQuery", "form": "AR_OtherRecAble", "fault": "timeout_before"},
        {"system": "dingtalk", "op": "instanceIds/query", "fault": "timeout_before"},
        {"system": "kingdee", "op": "Save", "fault": "timeout_before"},
        {"system": "kingdee", "op": "Save", "fault": "timeout_after", "after": 2},
        {"system": "dingtalk", "op": "execute", "fault": "timeout_after"},
        {"system": "dingtalk", "op": "execute", "fault": "timeout_before"},
        {"system": "dingtalk", "op": "comments", "fault": "timeout_after"},
        {"system": "dingtalk", "op": "comments", "fault": "timeout_before"},
    ],
    ids=lambda rule: f"{rule['op'].replace('/', '_')}-{rule['fault']}",
)
def test_a_killed_night_is_finished_by_the_next_and_nothing_happens_twice(
    shop: Terminal, rule: dict[str, Any]
) -> None:
    shop.box.world.put("exits", {
        "number": "LZ9", "employee": "1004", "requested_on": "2026-07-29", "last_day": "2026-08-29",
        "kind": "resignation", "status": "running", "gate": "open",
    })
    assert shop("live", "on", "--by", "test").code == 0
    shop.box.chaos.arm([rule | SILENCE])
    kill_when(shop, lambda: fired(shop))
    shop.box.chaos.arm([])
    assert shop("run").code == 0
    assert shop("plan", "--detailed-exitcode").code == 0
    assert set(counted(shop).values()) == {1}
    ops = {op for op, _ in counted(shop)}
    assert len(ops) == 4  # flags, a comment, a to-do, an agreement
