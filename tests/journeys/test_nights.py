"""Whole nights against the stand-ins over real HTTP and SQL: the story, quiet nights, and servers that lie."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector.errors import StoreError
from connector.model.runs import NightRecord
from connector.sandbox.company import write_sample_company
from tests.journeys.conftest import FIRST_NIGHT, Town, causes, open_town, planned, released


def test_the_sample_company_lives_its_three_nights(town: Town) -> None:
    first = town.night()
    assert ("put", "risk_flag", town.debtor) in planned(first)
    town.happens(2)
    second = town.night()
    assert {("put", "exit_hold", town.debtor), ("put", "todo", town.debtor)} <= planned(second)
    town.happens(3)
    third = town.night()
    assert town.debtor not in released(third)
    town.confirm()
    last = town.night()
    assert released(last) == {town.debtor}
    assert {o.outcome for o in last.outcomes} == {"confirmed"}
    money = [f for f in last.findings["findings"] if not f["rule"].startswith("performance.")]
    assert {f["employee"] for f in money}.isdisjoint({town.debtor})


def hits(record: NightRecord) -> set[tuple[str, str]]:
    return {(f["rule"], f["subject"]) for f in record.findings["findings"] if f["verdict"] == "hit"}


def test_the_sample_company_shows_what_months_and_applications_say(town: Town) -> None:
    assert hits(town.night()) >= {
        ("performance.exit_warning", town.debtor), ("performance.improvement_talk", "1008"),
        ("performance.behind_pace", "1006"), ("attendance.late_doubled", "1014"),
        ("application.over_trip_limit", "JK0019"),
    }


ALLOWED = """
rules:
  - {code: signal.resume_updated, mode: on, legal_basis: "works agreement of 2026-01-01"}
  - {code: loan.while_one_open, mode: on}
"""


def test_what_is_shipped_off_is_found_once_a_company_switches_it_on(tmp_path: Path) -> None:
    write_sample_company(tmp_path / "company", FIRST_NIGHT)
    signals = "employee,kind,at,source\n1005,resume_updated,2026-07-20T08:00:00+08:00,board\n"
    (tmp_path / "company" / "signals.csv").write_text(signals, "utf-8")
    with open_town(tmp_path, sheet=ALLOWED) as town:
        found = town.night()
    assert hits(found) >= {("signal.resume_updated", "1005"), ("loan.while_one_open", "JK0002")}


@pytest.mark.parametrize("days", [0, 1])
def test_a_second_night_over_an_unchanged_world_writes_nothing(town: Town, days: int) -> None:
    town.happens(2)
    town.night()
    written = len(town.world.effects)
    again = town.night(town.world.today() + timedelta(days=days))
    assert planned(again) == set()
    assert len(town.world.effects) == written


def test_the_ledger_and_the_loans_agree_to_the_cent(town: Town) -> None:
    record = town.night()
    assert {row["difference"] for row in record.proof["books"].values()} == {"0.00"}


HALF_THE_LOANS = {"system": "kingdee", "op": "ExecuteBillQuery", "form": "AR_OtherRecAble"}
LIES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "hr_answers_three_rows": ([{"system": "hr", "fault": "cap_page", "args": {"limit": 3}}], "shrunk"),
    "half_a_loan_stream": ([HALF_THE_LOANS | {"fault": "truncate", "times": 0, "after": 1}], "open_item"),
    "rows_are_missing": (
        [HALF_THE_LOANS | {"fault": "drop_row", "times": 0, "after": 1, "args": {"row": 2}}], "books_differ",
    ),
    "a_200_with_an_error": ([HALF_THE_LOANS | {"fault": "error_200", "times": 0}], "open_item"),
    "a_page_for_people": ([HALF_THE_LOANS | {"fault": "login_page", "times": 0}], "open_item"),
    "no_answer": ([HALF_THE_LOANS | {"fault": "timeout_before", "times": 0, "args": {"seconds": 0}}], "open_item"),
    "a_server_error": ([HALF_THE_LOANS | {"fault": "status", "times": 0, "args": {"status": 503}}], "open_item"),
    "the_oa_does_not_list": (
        [{"system": "dingtalk", "op": "instanceIds/query", "fault": "error_200", "times": 0}], "exit",
    ),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_a_server_that_lies_frees_nobody_and_changes_no_mark(town: Town, lie: str) -> None:
    """The debtor has repaid and finance has confirmed: all that withholds the release is the proof."""
    town.happens(2)
    town.night()
    town.happens(3)
    town.night()
    town.confirm()
    written = len(town.world.effects)
    rules, named = LIES[lie]
    town.chaos(*rules)
    record = town.night()
    assert released(record) == set()
    assert {one[:2] for one in planned(record)} <= {("put", "exit_hold"), ("put", "risk_flag")}, planned(record)
    assert len(town.world.effects) == written
    assert any(named in cause for cause in causes(record)), causes(record)
    town.chaos()
    assert released(town.night()) == {town.debtor}


def test_a_lost_session_is_taken_up_again_and_the_night_is_whole(town: Town) -> None:
    town.night()
    town.happens(2)
    town.chaos({"system": "kingdee", "op": "ExecuteBillQuery", "fault": "lose_session", "after": 4})
    record = town.night()
    assert record.troubles == ()
    assert ("put", "exit_hold", town.debtor) in planned(record)


@pytest.mark.parametrize("op", ["comments", "Save", "todo"])
@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_a_write_without_an_answer_has_one_effect(town: Town, op: str, fault: str) -> None:
    town.happens(2)
    system = "kingdee" if op == "Save" else "dingtalk"
    town.chaos({"system": system, "op": op, "fault": fault, "args": {"seconds": 0}})
    record = town.night()
    assert {o.outcome for o in record.outcomes} == {"confirmed"}
    mine = [e for e in town.world.effects if op in str(e["op"]) and e["op"] != "Delete"]
    assert len({str(e["key"]) for e in mine}) == len(mine)
    assert planned(town.night()) == set()


def test_a_comment_that_lands_late_stands_once(town: Town) -> None:
    town.happens(2)
    town.chaos({"system": "dingtalk", "op": "comments", "fault": "late_land", "args": {"seconds": 5}})
    town.night()
    town.world.advance(3600)
    town.night()
    commented = [e["key"] for e in town.effects("comment")]
    assert len(commented) == len(set(commented)) == 3  # the hold, and a brief on each of two applications


def test_a_debt_that_comes_back_before_the_release_holds_again(town: Town) -> None:
    town.happens(2)
    town.night()
    town.happens(3)
    town.night()
    town.confirm()
    town.world.put("loans", {
        "number": "JK9999", "employee": town.debtor, "kind": "business", "principal": "1.00", "currency": "CNY",
        "applied_on": FIRST_NIGHT.isoformat(), "lent_on": town.world.today().isoformat(), "approval": "",
    })
    record = town.night()
    assert released(record) == set()
    assert ("replace", "exit_hold", town.debtor) in planned(record)


def test_with_a_full_disk_nothing_is_sent_that_was_not_written_down(town: Town) -> None:
    town.night()
    engine = town.desk.store.engine
    with engine.connect() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
    engine.dispose()
    sa.event.listen(engine, "connect", lambda conn, _: conn.execute(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(StoreError, match="full"):
        for at in range(40):
            town.world.put("loans", {
                "number": f"JK9{at}", "employee": "1020", "principal": "90000.00", "lent_on": "2026-07-01",
            })
            town.night()
    with engine.connect() as conn:
        sent = conn.exec_driver_sql("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL").scalar()
    assert len(town.world.effects) == sent > 0
