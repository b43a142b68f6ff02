"""Nights in a world that breaks off, repeats itself, changes its mind or is killed: what must hold all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import connector.sync.nightly as nightly
from connector.adapters.contract import Receipt
from connector.errors import StateError, StoreError
from connector.model.plan import canonical, digest
from connector.model.runs import NightRecord
from connector.store.exits import cases
from connector.store.runs import give_lease, keep_lease, take_lease
from connector.sync.clearances import confirm_exit
from connector.sync.nightly import run_night
from connector.sync.staging import accept_size
from tests.fakes import AS_OF, House, default_book, exit_row, item_row, payout_row, request_row, small_house


@pytest.fixture
def house(tmp_path: Path, store_url: str) -> Iterator[House]:
    found = small_house(tmp_path, store_url=store_url)
    yield found
    found.desk.store.engine.dispose()


def night(house: House, days: int = 0) -> NightRecord:
    house.clock.sleep(1)
    return run_night(house.desk, AS_OF + timedelta(days=days), "live")


def planned(record: NightRecord) -> set[tuple[str, str, str]]:
    return {(a["verb"], a["kind"], a["ref"]) for a in record.plan["actions"]}


def verdicts(record: NightRecord, subject: str) -> dict[str, str]:
    return {f["rule"]: f["verdict"] for f in record.findings["findings"] if f["subject"] == subject}


def state_of(house: House, ref: str) -> str:
    return next(case.state for (_, key), (case, _) in cases(house.desk.store).items() if key == ref)


def lend(house: House, number: str, employee: str, balance: str, **changes: Any) -> None:
    house.finance.tables["open_item"].append(item_row(number, employee, balance, **changes))
    house.finance.tables["request"].append(request_row(number, employee))
    house.finance.tables["payout"].append(payout_row(number, employee, balance))
    house.balance_books()


def repay(house: House, number: str) -> None:
    for row in house.finance.tables["open_item"]:
        if row["number"] == number:
            row["balance"] = "0.00"
    house.balance_books()


def test_two_exits_of_one_number_are_two_exits(house: House) -> None:
    house.oa.tables["exit"].append(exit_row("E2", "003") | {"ref": "XE2b"})
    record = night(house)
    assert {("remove", "exit_hold", "XE2"), ("put", "exit_hold", "XE2b")} <= planned(record)


def test_two_loans_of_one_number_each_count(house: House) -> None:
    lend(house, "D1", "002", "0.00", ref="d1")
    lend(house, "D1", "002", "5000.00", ref="d2")
    record = night(house)
    assert ("put", "exit_hold", "XE2") in planned(record)
    assert ("remove", "exit_hold", "XE2") not in planned(record)


def test_an_exit_that_is_not_listed_any_more_stays_held_and_found(house: House) -> None:
    night(house)
    for change in ({"broken": {"exit": 0}}, {"tables": {**house.oa.tables, "exit": []}}):
        for name, content in change.items():
            setattr(house.oa, name, content)
        record = night(house, 1)
        assert verdicts(record, "E1")["exit.open_loan"] == "hit"
        assert not {p for p in planned(record) if p[1:] in {("exit_hold", "XE1"), ("risk_flag", "001")}}


def test_a_broken_ledger_does_not_clear_who_slipped_through(house: House) -> None:
    house.oa.tables["exit"][0] |= {"gate": "passed", "gate_by_us": "false", "state": "completed"}
    assert verdicts(night(house), "E1")["exit.slipped_through"] == "hit"
    house.finance.broken["open_item"] = 0
    assert not {p for p in planned(night(house)) if p[1] == "risk_flag"}
    house.finance.broken.clear()
    again = night(house, 1)
    opened = [f["opened_on"] for f in again.findings["findings"] if f["rule"] == "exit.slipped_through"]
    assert opened == [AS_OF.isoformat()]


def test_whoever_owes_again_after_our_release_is_found(house: House) -> None:
    night(house)
    assert state_of(house, "XE2") == "released"
    lend(house, "L2", "002", "900.00")
    record = night(house)
    assert verdicts(record, "E2") == {"exit.owes_after_release": "hit"}
    assert state_of(house, "XE2") == "recovery"


def test_a_form_that_came_back_is_held_again_and_needs_finance(house: House) -> None:
    night(house)
    house.oa.tables["exit"][1] |= {"gate": "open", "gate_by_us": "false", "state": "running"}
    lend(house, "L2", "002", "900.00")
    assert ("put", "exit_hold", "XE2") in planned(night(house))
    repay(house, "L2")
    assert ("remove", "exit_hold", "XE2") not in planned(night(house))
    confirm_exit(house.desk, "E2", "finance")
    assert ("remove", "exit_hold", "XE2") in planned(night(house))


def test_a_debt_of_the_hr_exit_is_a_debt_of_the_form_that_follows(house: House) -> None:
    house.hr.tables["employee"][2]["status"] = "leaving"
    assert verdicts(night(house), "HR:003")["exit.cannot_hold"] == "hit"
    house.oa.tables["exit"].append(exit_row("E3", "003"))
    repay(house, "L3")
    assert ("remove", "exit_hold", "XE3") not in planned(night(house))
    assert (state_of(house, "XE3"), state_of(house, "HR:003")) == ("settled", "withdrawn")


def test_a_night_that_was_killed_is_looked_back_on_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lend(house, "L5", "005", "700.00")
    night(house)
    house.finance.tables["open_item"] = [r for r in house.finance.tables["open_item"] if r["number"] != "L5"]
    house.balance_books()
    with monkeypatch.context() as patched:
        patched.setattr(nightly, "assess", _killed)
        with pytest.raises(SystemExit):
            night(house)
    house.oa.tables["exit"].append(exit_row("E5", "005"))
    record = night(house)
    assert verdicts(record, "L5") == {"identity.vanished": "hit"}
    assert ("remove", "exit_hold", "XE5") not in planned(record)


def _killed(*_: Any, **__: Any) -> Any:
    raise SystemExit(9)


def test_loan_codes_stay_on_a_flag_while_the_loan_cannot_be_read(house: House) -> None:
    house.finance.tables["open_item"][2]["due_on"] = "2026-07-01"
    assert ("put", "risk_flag", "004") in planned(night(house))
    house.finance.tables["open_item"][2]["balance"] = "1OO.00"
    assert not {p for p in planned(night(house)) if p[2] == "004"}


def test_a_loan_dated_later_withholds_the_release_and_says_so(house: House) -> None:
    lend(house, "L2", "002", "10.00", lent_on="2026-08-03")
    record = night(house)
    assert ("remove", "exit_hold", "XE2") not in planned(record)
    reasons = [f["facts"]["reason"] for f in record.findings["findings"] if f["rule"] == "exit.unproven"]
    assert reasons == ["dated_later"]


def test_a_night_of_half_a_ledger_does_not_void_a_confirmation(house: House) -> None:
    night(house)
    repay(house, "L1")
    night(house)
    confirm_exit(house.desk, "E1", "finance")
    house.finance.broken["open_item"] = 1
    night(house)
    house.finance.broken.clear()
    assert ("remove", "exit_hold", "XE1") in planned(night(house))


def test_a_settled_loan_that_may_be_his_needs_finance_before_he_goes(house: House) -> None:
    house.finance.tables["person"][1]["name"] = "别人"
    lend(house, "L2", "002", "0.00")
    record = night(house)
    assert ("put", "exit_hold", "XE2") in planned(record)  # it says at the gate what it waits for
    assert state_of(house, "XE2") == "settled"
    assert planned(night(house)) == set()
    confirm_exit(house.desk, "E2", "finance")
    assert ("remove", "exit_hold", "XE2") in planned(night(house))


def test_nobody_confirms_what_no_night_has_proven(house: House) -> None:
    house.finance.broken["open_item"] = 0
    night(house)
    with pytest.raises(StateError, match="proven"):
        confirm_exit(house.desk, "E2", "finance")


def test_confirm_always_says_at_the_gate_what_it_waits_for(tmp_path: Path) -> None:
    house = small_house(tmp_path, confirm_always=True)
    record = night(house)
    hold = next(a for a in record.plan["actions"] if a["ref"] == "XE2")
    assert (hold["verb"], hold["after"]["state"]) == ("put", "settled")


def test_a_todo_that_we_closed_is_put_again_when_the_debt_comes_back(house: House) -> None:
    night(house)
    repay(house, "L1")
    assert ("remove", "todo", "XE1") in planned(night(house))
    assert planned(night(house)) == set()
    lend(house, "L9", "001", "5.00")
    assert ("put", "todo", "XE1") in planned(night(house))


def test_a_gate_that_somebody_else_passed_is_not_our_release(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    push = house.oa.push

    def beaten(action: Any, text: str) -> Any:
        if action.kind == "exit_hold" and action.verb == "remove":
            house.oa.tables["exit"][1] |= {"gate": "passed", "gate_by_us": "false", "state": "completed"}
            return Receipt("unknown")
        return push(action, text)

    monkeypatch.setattr(house.oa, "push", beaten)
    outcome = next(o for o in night(house).outcomes if o.action["ref"] == "XE2")
    assert outcome.outcome != "confirmed"


def test_a_record_that_changed_after_the_plan_is_not_overwritten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    night(house)
    lend(house, "L8", "003", "1.00", due_on="2026-07-01")
    observe, looks = house.finance.observe, []

    def changed(kind: str, refs: Any) -> Any:
        looks.append(kind)
        if len(looks) == 2:
            house.finance.marks[("risk_flag", "003")] = {"digest": "00000000", "content": '{"codes":["by hand"]}'}
        return observe(kind, refs)

    monkeypatch.setattr(house.finance, "observe", changed)
    outcome = next(o for o in night(house).outcomes if o.action["ref"] == "003")
    assert (outcome.outcome, outcome.detail) == ("superseded", "changed_meanwhile")


def test_a_fault_in_an_adapter_is_one_broken_stream(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(stream: str, since: Any) -> Any:
        raise KeyError("a bug")

    monkeypatch.setattr(house.hr, "pull", broken)
    record = night(house)
    stream = next(s for s in record.proof["streams"] if s["stream"] == "employee")
    assert (stream["complete"], stream["cause"]) == (False, "crashed: KeyError")
    assert ("remove", "exit_hold", "XE2") not in planned(record)


def test_a_run_that_lost_its_right_keeps_and_writes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pull = nightly.pull_company

    def slow(*args: Any, **more: Any) -> Any:
        streams = pull(*args, **more)
        house.clock.sleep(16 * 60)
        take_lease(house.desk.store, house.clock.now())
        return streams

    monkeypatch.setattr(nightly, "pull_company", slow)
    with pytest.raises(StoreError, match="taken over"):
        night(house)
    assert house.finance.effects == house.oa.effects == []
    assert cases(house.desk.store) == {}


def test_two_runs_of_one_process_do_not_share_a_right(house: House) -> None:
    token = take_lease(house.desk.store, house.clock.now())
    with pytest.raises(StoreError, match="at work"):
        take_lease(house.desk.store, house.clock.now())
    assert keep_lease(house.desk.store, token, house.clock.now())
    give_lease(house.desk.store, token)
    assert take_lease(house.desk.store, house.clock.now()) > token


def test_a_stream_that_really_shrank_is_believed_once_a_person_says_so(house: House) -> None:
    for n in range(5, 30):
        lend(house, f"S{n}", f"{n:03d}", "0.00")
    night(house)
    items = house.finance.tables["open_item"]
    house.finance.tables["open_item"] = [row for row in items if row["number"] not in {"S5", "S6", "S7", "S8"}]
    assert "shrunk" in str([s["cause"] for s in night(house).proof["streams"]])
    assert accept_size(house.desk, "kingdee", "open_item", "Wang") == len(items) - 4
    assert all(s["complete"] for s in night(house).proof["streams"])
    with pytest.raises(StateError, match="not shrunk"):
        accept_size(house.desk, "kingdee", "open_item", "Wang")


def test_a_rule_that_is_off_holds_nobody_and_still_lets_go(tmp_path: Path) -> None:
    book = default_book()
    rules = tuple(replace(r, mode="off") if r.code == "exit.open_loan" else r for r in book.rules)
    house = small_house(tmp_path, book=replace(book, rules=rules))
    actions = planned(night(house))
    assert not {p for p in actions if p[1] in ("exit_hold", "todo") and p[0] != "remove"}
    assert ("remove", "exit_hold", "XE2") in actions


def _miscount(house: House) -> None:
    house.finance.counted["open_item"] = 99


def _repeat(house: House) -> None:
    house.finance.tables["open_item"].append(dict(house.finance.tables["open_item"][0]))


def _lose_the_total(house: House) -> None:
    house.finance.tables["control"] = []


def _blur(house: House) -> None:
    house.finance.tables["open_item"].append(item_row("B1", "", "1.00", principal="x"))


@pytest.mark.parametrize(("spoil", "cause"), [
    (_miscount, "count_differs"), (_repeat, "repeated_key"), (_lose_the_total, "control_missing"),
    (_blur, "unreadable_row"),
])
def test_what_proves_nothing_releases_nobody_and_says_why(house: House, spoil: Any, cause: str) -> None:
    spoil(house)
    record = night(house)
    assert ("remove", "exit_hold", "XE2") not in planned(record)
    assert not [a for a in house.oa.effects if a.verb == "remove"]
    told = str(record.proof["streams"]) + str([t.facts for t in record.troubles])
    assert cause in told
    assert f"{cause}'" in told or f"{cause}:" in told


def test_a_flag_stays_while_nobody_knows_whose_number_it_is(house: House) -> None:
    content = {"codes": ["loan.over_salary_share", "loan.overdue"], "level": "warning"}
    house.finance.marks[("risk_flag", "003")] = {"digest": digest(content), "content": canonical(content).decode()}
    next(r for r in house.hr.tables["employee"] if r["number"] == "003")["name"] = "Somebody Else"
    assert ("risk_flag", "003") not in {(kind, ref) for _, kind, ref in planned(night(house))}


def test_a_ledger_that_was_read_too_slowly_releases_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pull = house.finance.pull

    def slow(stream: str, since: Any) -> Any:
        if since.only is not None:
            house.clock.sleep(61)
        yield from pull(stream, since)

    monkeypatch.setattr(house.finance, "pull", slow)
    record = night(house)
    assert ("remove", "exit_hold", "XE2") in planned(record)
    assert not [a for a in house.oa.effects if a.verb == "remove"]
    assert "ledger_stale" in str([o.detail for o in record.outcomes])


@pytest.mark.parametrize(("hired_on", "status", "is_found"), [
    ("2026-07-20", "active", False), ("2026-07-20", "leaving", False), ("2020-01-01", "active", True),
    ("2026-07-10", "active", True), ("2026-09-01", "active", True),
    ("2026-07-20", "left", True), (None, "active", True),
])
def test_an_exit_of_an_earlier_employment_says_nothing_of_who_was_hired_again(
    house: House, hired_on: str | None, status: str, is_found: bool
) -> None:
    house.oa.tables["exit"].append(
        exit_row("E9", "003", state="completed", gate="passed", requested_on="2026-07-01", last_day="2026-07-10"))
    lend(house, "L9", "003", "500.00", lent_on="2026-07-25")
    row = next(r for r in house.hr.tables["employee"] if r["number"] == "003")
    row |= {"hired_on": hired_on, "status": status}
    assert (verdicts(night(house), "E9").get("exit.slipped_through") == "hit") is is_found
    assert state_of(house, "XE9") == ("slipped_through" if is_found else "released")
