"""How an admin sees whether the nights are well."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connector.app import House
from connector.engine.local import AWAKE
from connector.store import due
from connector.store.audit import write_setting
from connector.store.due import NIGHTLY
from connector.store.runs import take_lease
from tests.cli.conftest import Terminal


def test_before_the_first_night_status_says_so_with_exit_code_4(terminal: Terminal) -> None:
    told = terminal("status", "--lang", "en")
    assert told.code == 4 and "Nothing has run yet" in told.out
    assert terminal("runs", "--lang", "en").out == "Nothing has run yet. Try connector plan, then connector serve.\n"


def test_after_a_whole_night_status_is_well_and_names_what_comes(terminal: Terminal) -> None:
    terminal("plan")
    told = terminal("status", "--lang", "en")
    assert told.code == 0 and "last whole night: 0 hours ago" in told.out and "Dry run" in told.out
    document = terminal("status", "--json").document
    assert document["alarms"] == [] and len(document["next"]) == 5 and document["mode"] == "observe"
    assert document["last_whole_night_age_hours"] == 0.0


def test_a_system_that_did_not_answer_is_an_open_trouble_until_it_does(terminal: Terminal) -> None:
    terminal.box.chaos.arm([{"system": "kingdee", "op": "ExecuteBillQuery", "form": "AR_OtherRecAble",
                             "fault": "error_200", "times": 0}])
    terminal("plan")
    assert "金蝶" in terminal("status").out
    assert terminal("status", "--json").document["troubles"] != []
    terminal.box.chaos.arm([])
    terminal("plan")
    assert terminal("status", "--json").document["troubles"] == []


@pytest.mark.parametrize(("lang", "said"), [
    ("en", "07-28 ○ skipped  07-29 ✗ failed"), ("zh_CN", "07-28 ○ 跳过  07-29 ✗ 失败"),
])
def test_the_last_dates_are_shown_with_what_became_of_them(terminal: Terminal, lang: str, said: str) -> None:
    terminal("plan")
    at = datetime(2026, 7, 28, 17, 30, tzinfo=UTC)
    with House().desk(terminal.config) as desk:
        token = take_lease(desk.store, at)
        due.put(desk.store, NIGHTLY, date(2026, 7, 28), at - timedelta(days=1), "missed")
        due.put(desk.store, NIGHTLY, date(2026, 7, 29), at)
        due.take(desk.store, NIGHTLY, date(2026, 7, 29), token, at)
        due.end(desk.store, (NIGHTLY, date(2026, 7, 29)), token, at, cause="StoreError", retry_at=at)
    told = terminal("status", "--lang", lang)
    assert said in told.out and "StoreError" in told.out and "2026-07-29 01:30" in told.out
    assert [row["state"] for row in terminal("status", "--json").document["days"]] == ["failed", "skipped"]


def test_a_service_that_died_is_noticed(terminal: Terminal) -> None:
    terminal("plan")
    with House().desk(terminal.config) as desk:
        write_setting(desk.store, AWAKE, (datetime.now(UTC) - timedelta(minutes=9)).isoformat())
    told = terminal("status", "--lang", "en")
    assert told.code == 4 and "alive 9 min ago" in told.out and "does not answer" in told.out


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_runs_are_listed_the_newest_first(terminal: Terminal, lang: str) -> None:
    terminal("plan")
    terminal("live", "on", "--by", "王芳")
    terminal("run")
    newest, *others = terminal("runs", "--json").document
    assert (newest["mode"], newest["state"]) == ("live", "done") and newest["actions"] > 0 and len(others) == 2
    assert terminal("runs", "--most", "1", "--json").document == [newest]
    assert terminal("runs", "--lang", lang).out.count("2026-07-29") == 3
