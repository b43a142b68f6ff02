"""The service as a process of its own: started, stopped, killed, and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.app import House
from connector.engine.local import AWAKE
from connector.store import due
from connector.store.audit import read_setting
from connector.store.database import Store
from connector.store.due import NIGHTLY, Due
from tests.cli.conftest import Terminal, terminal
from tests.house.source import ROOT
from tests.journeys.test_kill import PATIENCE, SILENCE, counted, fired

__all__ = ["terminal"]  # the fixture


@contextmanager
def store_of(terminal: Terminal) -> Iterator[Store]:
    with House().desk(terminal.config) as desk:
        yield desk.store


def a_night_was_missed(terminal: Terminal) -> None:
    """The service was up three days ago and then no more."""
    with store_of(terminal) as store:
        then = datetime.now(UTC) - timedelta(days=3)
        due.put(store, NIGHTLY, then.date(), then, "before_first_start")


def newest(terminal: Terminal) -> Due:
    with store_of(terminal) as store:
        found = due.newest(store, NIGHTLY)
    assert found is not None
    return found


@contextmanager
def service(terminal: Terminal) -> Iterator[subprocess.Popen[bytes]]:
    """The service, ready; killed at the end unless it has ended."""
    words = [sys.executable, "-P", "-m", "connector", "serve", "--config", str(terminal.config), "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as serving:
        try:
            yield serving
        finally:
            serving.kill()


def wait_until(has_come: Callable[[], bool], serving: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(PATIENCE * 10):
        if has_come() or serving.poll() is not None:
            break
        pause.wait(0.1)
    assert has_come()


def stopped(serving: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM) -> int:
    serving.send_signal(by)
    return serving.wait(PATIENCE)


def is_awake(terminal: Terminal) -> bool:
    with store_of(terminal) as store:
        return read_setting(store, AWAKE) != ""


def is_done(terminal: Terminal) -> bool:
    return newest(terminal).state == "done"


def test_a_missed_night_is_run_once_however_often_the_service_is_started(terminal: Terminal) -> None:
    terminal("live", "on", "--by", "test")
    a_night_was_missed(terminal)
    with service(terminal) as serving:
        wait_until(lambda: is_done(terminal), serving)
        assert stopped(serving) == 0
        told: dict[str, Any] = json.loads(serving.stdout.read()) if serving.stdout else {}
    assert told["mode"] == "live" and len(told["next"]) == 5
    with service(terminal) as again, service(terminal) as twin:
        wait_until(lambda: is_awake(terminal), again)
        assert twin.stdout and twin.stdout.readline()  # ready
        assert stopped(again, signal.SIGINT) == 0 and stopped(twin) == 0
    assert newest(terminal).attempts == 1 and set(counted(terminal).values()) == {1}


@pytest.mark.parametrize("rule", [
    {"system": "kingdee", "op": "Save", "fault": "timeout_after", "after": 1},
    {"system": "kingdee", "op": "ExecuteBillQuery", "form": "AR_OtherRecAble", "fault": "timeout_before"},
])
def test_a_killed_service_goes_on_where_it_was_and_nothing_happens_twice(
    terminal: Terminal, rule: dict[str, Any]
) -> None:
    terminal("live", "on", "--by", "test")
    a_night_was_missed(terminal)
    terminal.box.chaos.arm([rule | SILENCE])
    with service(terminal) as serving:
        wait_until(lambda: fired(terminal), serving)
        serving.kill()
    terminal.box.chaos.arm([])
    assert newest(terminal).state == "running"
    with service(terminal) as again:
        wait_until(lambda: is_done(terminal), again)
        assert stopped(again) == 0
    assert newest(terminal).attempts == 2 and set(counted(terminal).values()) == {1}
    assert terminal("plan", "--detailed-exitcode").code == 0
