"""The time before: imported when it ties out to the cent, counted where histories count, and never a reminder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.errors import StateError
from connector.i18n.sentences import reject_sentence
from connector.model.runs import NightRecord
from connector.store.history import kept_history
from connector.sync.history import Past, keep_past, read_history
from connector.sync.look import look_at
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, exit_row, item_row, small_house

LOANS = "number,employee,principal,currency,lent_on"
REPAYMENTS = "number,loan,employee,paid_on,amount,currency,method"
# Borrower 007: three loans of this half year, all paid back.
SETTLED = [f"H{n},007,100.00,CNY,2026-0{n + 2}-01" for n in (1, 2, 3, 4)]
REPAID = [f"P{n},H{n},007,2026-07-01,100.00,CNY,cash" for n in (1, 2, 3, 4)]


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = small_house(tmp_path)
    look(house)
    return house


def look(house: House) -> NightRecord:
    house.clock.sleep(1)
    return run_night(house.desk, AS_OF, "observe")


def read(house: House, loans: list[str], repayments: list[str], total: int) -> Past:
    folder = house.desk.folder / "before"
    folder.mkdir(exist_ok=True)
    (folder / "loans.csv").write_text("\n".join([LOANS, *loans]), encoding="utf-8")
    (folder / "repayments.csv").write_text("\n".join([REPAYMENTS, *repayments]), encoding="utf-8")
    return read_history(house.desk, folder, {"CNY": total})


def about(record: NightRecord, employee: str) -> set[tuple[str, str]]:
    found = record.findings["findings"]
    return {(f["rule"], f["verdict"]) for f in found if employee in (f["employee"], f["facts"].get("number"))}


def test_what_does_not_tie_out_to_the_cent_is_not_kept(house: House) -> None:
    past = read(house, ["H1,007,100.00,CNY,2024-05-01"], [], 10_001)
    assert past.totals == {"CNY": {"stated": "100.01", "here": "100.00", "difference": "0.01"}}
    with pytest.raises(StateError, match="does not tie out"):
        keep_past(house.desk, past, "王芳")
    assert kept_history(house.desk.store)[0].height == 0


@pytest.mark.parametrize(("loan", "repayment", "reason"), [
    ("H1,007,1O0.00,CNY,2024-05-01", None, "files.reject.money"), ("H1,007,100.00,CNY,May", None, "files.reject.date"),
    (",007,100.00,CNY,2024-05-01", None, "files.reject.missing"),
    ("H1,007,100.00,CNY,2027-05-01", None, "history.reject.later"),
    ("H1,007,100.00,CNY,2024-05-01", "P1,H9,007,2024-06-01,1.00,CNY,cash", "history.reject.no_loan"),
    ("H1,007,100.00,CNY,2024-05-01", "P1,H1,008,2024-06-01,1.00,CNY,cash", "history.reject.employee"),
    ("H1,007,100.00,CNY,2024-05-01", "P1,H1,007,2024-06-01,1.00,USD,cash", "history.reject.currency"),
    ("H1,007,100.00,CNY,2024-05-01", "P1,H1,007,2024-06-01,100.01,CNY,cash", "history.reject.overpaid"),
])
def test_a_row_that_does_not_fit_is_named_with_its_place_and_its_mend(
    house: House, loan: str, repayment: str | None, reason: str
) -> None:
    past = read(house, [loan], [repayment] if repayment else [], 0)
    reject = next(one for one in past.rejects if one["reason"] == reason)
    assert reject["ref"] == ("repayments.csv:2" if repayment and "overpaid" not in reason else "loans.csv:2")
    said = reject_sentence(reject, "en")
    assert said.startswith(reject["ref"]) and ("Correct" in said or "Fill it in" in said)
    with pytest.raises(StateError, match="do not fit"):
        keep_past(house.desk, past, "王芳")


def test_a_number_that_stands_twice_is_named_each_time(house: House) -> None:
    past = read(house, ["H1,007,1.00,CNY,2024-05-01"] * 2, [], 100)
    assert [one["ref"] for one in past.rejects] == ["loans.csv:2", "loans.csv:3"]


def test_a_settled_past_is_history_and_reminds_nobody(house: House) -> None:
    keep_past(house.desk, read(house, SETTLED, REPAID, 0), "王芳")
    record = look(house)
    assert about(record, "007") == set()


def test_the_past_counts_in_the_window_of_a_new_loan(house: House) -> None:
    keep_past(house.desk, read(house, SETTLED[:3], REPAID[:3], 0), "王芳")
    house.finance.tables["open_item"].append(item_row("L7", "007", "1.00"))
    house.balance_books()
    assert ("loan.too_many_in_window", "hit") in about(look(house), "007")


def test_the_past_is_part_of_the_life_that_is_told(house: House) -> None:
    keep_past(house.desk, read(house, SETTLED[:3], REPAID[:3], 0), "王芳")
    house.finance.tables["open_item"].append(item_row("L7", "007", "1.00"))
    house.balance_books()
    story = next(one for one in look(house).stories if one.employee == "007")
    assert [event.code for event in story.events].count("repaid") == 3 and story.steps[-1][1] == 100


def test_an_open_loan_of_the_past_holds_an_exit_until_it_is_repaid(house: House) -> None:
    house.oa.tables["exit"].append(exit_row("E5", "005"))
    loan = ["H1,005,100.00,CNY,2024-05-01"]
    keep_past(house.desk, read(house, loan, [], 10_000), "王芳")
    assert ("exit.open_loan", "hit") in about(look(house), "005")
    keep_past(house.desk, read(house, loan, ["P1,H1,005,2026-07-30,100.00,CNY,cash"], 0), "王芳")
    assert ("exit.open_loan", "hit") not in about(look(house), "005")


def test_where_finance_shows_the_loan_finance_wins(house: House) -> None:
    past = read(house, ["L3,003,9000.00,CNY,2026-07-01"], [], 900_000)
    assert (past.in_finance, past.loans.height) == (1, 0)
    keep_past(house.desk, read(house, ["H1,007,5.00,CNY,2024-05-01"], [], 500), "王芳")
    assert look_at(house.desk, "007", AS_OF).balance == {"CNY": "5.00"}
    house.finance.tables["open_item"].append(item_row("H1", "007", "3.00"))
    assert look_at(house.desk, "007", AS_OF).balance == {"CNY": "3.00"}


def test_an_open_loan_cannot_be_lost_by_importing_again(house: House) -> None:
    keep_past(house.desk, read(house, ["H1,007,5.00,CNY,2024-05-01"], [], 500), "王芳")
    past = read(house, ["H2,008,5.00,CNY,2024-05-01"], [], 500)
    assert [one["reason"] for one in past.rejects] == ["history.reject.given_up"]


def test_before_finance_was_read_nothing_is_imported(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="not read in full"):
        read(small_house(tmp_path), SETTLED, REPAID, 0)


def released(record: NightRecord) -> set[Any]:
    return {a["ref"] for a in record.plan["actions"] if (a["verb"], a["kind"]) == ("remove", "exit_hold")}


def test_a_settled_past_does_not_stand_in_the_way_of_a_release(house: House) -> None:
    loan, repaid = "H1,002,100.00,CNY,2024-05-01", "P1,H1,002,2024-06-01,100.00,CNY,cash"
    keep_past(house.desk, read(house, [loan], [repaid], 0), "王芳")
    house.clock.sleep(1)
    record = run_night(house.desk, AS_OF, "live")
    assert released(record) == {"XE2"} and [e.ref for e in house.oa.effects if e.verb == "remove"] == ["XE2"]
