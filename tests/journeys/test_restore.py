"""A backup is put back: what was written after it is found standing, and nothing happens twice."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import Terminal, terminal
from tests.journeys.test_kill import counted

__all__ = ["terminal"]  # the fixture


def back_up(data: Path, to: Path) -> None:
    """As the guide says."""
    with closing(sqlite3.connect(data / "connector.db")) as store:
        store.execute(f"VACUUM INTO '{to / 'connector.db'}'")
    shutil.copytree(data / "snapshots", to / "snapshots")


def restore(data: Path, copy: Path) -> None:
    shutil.rmtree(data)
    shutil.copytree(copy, data)


def owes_and_leaves(terminal: Terminal, employee: str) -> None:
    terminal.box.world.put("loans", {
        "number": f"JK{employee}", "employee": employee, "principal": "3000.00", "currency": "CNY",
        "lent_on": "2026-07-20", "applied_on": "2026-07-10", "kind": "business", "approval": "",
    })
    terminal.box.world.put("exits", {
        "number": f"LZ{employee}", "employee": employee, "requested_on": "2026-07-29", "last_day": "2026-08-29",
        "kind": "resignation", "status": "running", "gate": "open",
    })


def test_a_restored_store_writes_nothing_again_and_releases_nobody(terminal: Terminal, tmp_path: Path) -> None:
    data, copy = terminal.config.parent / "data", tmp_path / "backup"
    copy.mkdir()
    terminal("live", "on", "--by", "test")
    terminal("run")
    back_up(data, copy)
    owes_and_leaves(terminal, "1020")
    assert terminal("run").code in (0, 4)
    written = counted(terminal)
    restore(data, copy)
    assert terminal("run").code in (0, 4)
    assert counted(terminal) == written and set(written.values()) == {1}
    assert terminal("plan", "--detailed-exitcode").code in (0, 4)
