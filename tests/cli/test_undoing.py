"""Again, and back: what failed is tried once more; what was written is taken away, and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.cli.conftest import Terminal, Told


def went_live(terminal: Terminal) -> dict[str, Any]:
    """One live night; returns its summary."""
    terminal("live", "on", "--by", "王芳")
    found: dict[str, Any] = terminal("run", "--json").document
    return found


# Comments that nobody can take away: a hold's, and the briefs of two applications.
STAYS = {("remove", "exit_hold"): 1, ("remove", "brief"): 2}


def kinds(told: Told, part: str = "actions") -> Counter[tuple[str, str]]:
    return Counter((one["verb"], one["kind"]) for one in told.document[part])


def test_what_was_refused_is_tried_again_and_nothing_else_is_written(terminal: Terminal) -> None:
    terminal("live", "on", "--by", "王芳")
    terminal.box.chaos.arm([{"system": "kingdee", "op": "Save", "fault": "error_200", "times": 1}])
    first = terminal("run", "--json").document
    assert first["outcomes"]["rejected"] == 1
    terminal.box.chaos.arm([])
    terminal.box.world.put("loans", {
        "number": "JK7777", "employee": "1020", "principal": "30000.00", "currency": "CNY", "lent_on": "2026-07-29",
        "applied_on": "2026-07-20", "kind": "business", "approval": "",
    })
    again = terminal("retry", "--only", "failed", "--json").document
    assert again["retried"] == first["run"] and again["outcomes"] == {"confirmed": 1}


def test_after_a_torn_stream_the_whole_night_is_run_again(terminal: Terminal) -> None:
    terminal("live", "on", "--by", "王芳")
    terminal.box.chaos.arm([{"system": "kingdee", "op": "ExecuteBillQuery", "form": "AR_OtherRecAble",
                             "fault": "error_200", "times": 0}])
    torn = terminal("run", "--json").document
    terminal.box.chaos.arm([])
    told = terminal("retry", "--lang", "en")
    assert told.code == 0 and "not read in full: kingdee.open_item" in told.out and torn["run"] in told.out
    assert len(terminal.box.world.effects) > torn["outcomes"].get("confirmed", 0)


def test_where_nothing_failed_nothing_is_run(terminal: Terminal) -> None:
    went_live(terminal)
    assert terminal("retry", "--json").document["run"] is None
    assert len(terminal("runs", "--json").document) == 2
    assert terminal("retry", "--run", "20260101-nothing").code == 1
    assert terminal("retry", "--only", "everything").code == 2


def test_undo_is_shown_first_and_takes_back_what_was_written(terminal: Terminal) -> None:
    night = went_live(terminal)
    effects = len(terminal.box.world.effects)
    shown = terminal("undo", night["run"], "--json")
    assert shown.code == 0 and shown.document["outcomes"] is None and len(terminal.box.world.effects) == effects
    assert set(kinds(shown)) == {("remove", "risk_flag")}
    done = terminal("undo", night["papers"], "--yes", "--by", "王芳", "--json")
    assert done.code == 0 and {one["outcome"] for one in done.document["outcomes"]} == {"confirmed"}
    assert terminal("undo", night["plan"][:12], "--json").document["actions"] == []


def test_a_release_is_listed_and_not_undone(terminal: Terminal) -> None:
    night = went_live(terminal)
    told = terminal("undo", night["run"], "--lang", "en")
    assert "a release cannot be undone" in told.out
    assert kept(terminal, night["run"]) == [("exit_hold", "released")] * 2


def kept(terminal: Terminal, run: str) -> list[tuple[str, str]]:
    """What an undo leaves, but for the briefs: comments that stay."""
    left = [(one["kind"], one["reason"]) for one in terminal("undo", run, "--json").document["kept"]]
    return [one for one in left if one != ("brief", "comment_stays")]


def test_what_somebody_changed_since_is_skipped_and_listed(terminal: Terminal) -> None:
    first = went_live(terminal)
    terminal.box.world.put("loans", {
        "number": "JK7777", "employee": "1004", "principal": "3.00", "currency": "CNY", "lent_on": "2026-07-29",
        "applied_on": "2026-07-20", "kind": "travel", "approval": "",
    })
    terminal("run")
    assert ("risk_flag", "changed_since") in kept(terminal, first["run"])


def test_nothing_is_written_without_a_name(terminal: Terminal) -> None:
    night = went_live(terminal)
    effects = len(terminal.box.world.effects)
    assert terminal("undo", night["run"], "--yes").code == 2
    assert terminal("undo", "no-such-plan").code == 1
    assert len(terminal.box.world.effects) == effects


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_unmark_takes_every_mark_away_and_says_what_stays(terminal: Terminal, lang: str) -> None:
    terminal.box.world.put("exits", {
        "number": "LZ9", "employee": "1004", "requested_on": "2026-07-29", "last_day": "2026-08-29",
        "kind": "resignation", "status": "running", "gate": "open",
    })
    went_live(terminal)
    assert terminal("unmark", "--yes", "--by", "王芳").code == 1  # tonight would put them again
    terminal("live", "off", "--by", "王芳")
    shown = terminal("unmark", "--json")
    assert kinds(shown)[("remove", "todo")] == 1 and kinds(shown, "kept") == STAYS
    done = terminal("unmark", "--yes", "--by", "王芳", "--lang", lang)
    assert done.code == 0 and "✗" not in done.out
    left = terminal("unmark", "--json")
    assert left.document["actions"] == [] and kinds(left, "kept") == STAYS
