"""Pull: what was read, how its end was proved, and why it is not whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.adapters.contract import Page, Reject, Since
from connector.errors import AuthError
from connector.mappings.table import Field
from connector.sync.pull import EXITS_OF_OTHERS, Stream, pull_stream, read_company
from connector.sync.staging import pull_company
from tests.fakes import AS_OF, House, item_row, small_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    return small_house(tmp_path)


def pulled(house: House, name: str) -> Stream:
    connection = next(c for c in house.desk.company.connections if name in c.adapter.manifest.streams)
    return pull_stream(house.desk, connection, name, AS_OF, "run", None)[0]


@pytest.mark.parametrize("source", ["monthly_salary", "基本工资", "pay"])
def test_a_salary_that_cannot_be_read_is_shown_to_nobody_whatever_its_field_is_called(
    house: House, source: str
) -> None:
    connection = house.desk.company.by_name("hr")
    assert connection is not None
    mapping = connection.mappings["employee"]
    fields = [f for f in mapping.fields if f.target != "monthly_salary"]
    pay = Field("monthly_salary", source, "money", {"currency": "currency"})
    connection.mappings["employee"] = replace(mapping, fields=(*fields, pay))
    for row in house.hr.tables["employee"]:
        row[source] = "9137,5x"
    stream = pulled(house, "employee")
    assert {(r["field"], r["found"], r["expected"]) for r in stream.rejects} == {(source, "", "money")}
    assert {r["reason"] for r in stream.rejects} == {"unreadable"}


def spoil_pages(house: House, name: str, patch: pytest.MonkeyPatch, change: Callable[[Page], Page]) -> None:
    """Every page of one system goes through `change` on its way."""
    system = getattr(house, name)
    pull = system.pull
    patch.setattr(system, "pull", lambda stream, since: map(change, pull(stream, since)))


def test_a_stream_whose_end_is_not_proved_is_not_whole(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil_pages(house, "hr", monkeypatch, lambda page: replace(page, end=None))
    stream = pulled(house, "employee")
    assert (stream.complete, stream.cause, stream.rows.height) == (False, "end_not_proved", 30)


def test_rows_that_the_adapter_set_aside_are_counted_and_keep_their_reason(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject = Reject("employee", "031#7", "031", "files.reject.too_few_cells", "x" * 900, payload="031,a,b")
    spoil_pages(house, "hr", monkeypatch, lambda page: replace(page, rejects=(reject,)))
    stream = pulled(house, "employee")
    assert stream.fetched == stream.rows.height + len(stream.rejects) == 31 and stream.complete
    (kept,) = stream.rejects
    assert (kept["key"], kept["reason"], len(kept["found"])) == ("031", "files.reject.too_few_cells", 200)
    assert "031,a,b" not in kept.values()


def test_a_count_of_the_source_includes_the_rows_set_aside(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.hr.counted["employee"] = 31
    reject = Reject("employee", "031#7", "031", "files.reject.too_few_cells", "")
    assert pulled(house, "employee").cause == "count_differs: 30 of 31"
    spoil_pages(house, "hr", monkeypatch, lambda page: replace(page, rejects=(reject,)))
    assert pulled(house, "employee").complete


def test_a_refused_credential_is_asked_once_and_the_other_systems_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refused(stream: str, since: Since) -> Iterator[Page]:
        asked.append(stream)
        raise AuthError("wrong secret", place="login", mend="mend it")

    monkeypatch.setattr(house.finance, "pull", refused)
    streams = read_company(house.desk, AS_OF, "run", None)
    assert asked == ["person"]
    mine = [s for s in streams.values() if s.system == "kingdee"]
    assert len(mine) == 6 and {s.cause for s in mine} == {"AuthError: login: wrong secret → mend it"}
    assert {s.name for s in streams.values() if s.complete} == {"employee", "exit", "approval"}


def test_a_look_at_few_people_asks_for_their_rows_and_for_no_totals(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Since] = {}
    for system in (house.finance, house.oa, house.hr):
        monkeypatch.setattr(system, "pull", _noting(system.pull, asked))
    only = {"finance": ("001", "F-1"), "hr": ("001",), EXITS_OF_OTHERS: ("XE2",)}
    streams = read_company(house.desk, AS_OF, "look", only)
    assert not {"control", "approval"} & set(asked)
    assert (asked["open_item"].only, asked["employee"].only) == (("001", "F-1"), ("001",))
    assert (asked["exit"].only, asked["exit"].closed) == (None, {"XE2"})
    assert streams["open_item"].rows["employee"].to_list() == ["001"]


def _noting(pull: Callable[..., Any], asked: dict[str, Since]) -> Callable[..., Any]:
    def noted(stream: str, since: Since) -> Any:
        asked[stream] = since
        return pull(stream, since)

    return noted


def test_approvals_that_ended_are_remembered_and_not_fetched_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.oa.tables["approval"][0]["state"] = "running"
    pull_company(house.desk, AS_OF, "before")
    asked: dict[str, Since] = {}
    monkeypatch.setattr(house.oa, "pull", _noting(house.oa.pull, asked))
    again = pulled(house, "approval")
    assert asked["approval"].closed == {row["ref"] for row in house.oa.tables["approval"][1:]}
    assert (again.rows.height, again.fetched, again.complete) == (3, 3, True)


def test_an_approval_that_is_revoked_after_its_end_is_seen_within_a_week(house: House) -> None:
    pull_company(house.desk, AS_OF, "before")
    house.oa.tables["approval"][0]["state"] = "withdrawn"
    assert set(pulled(house, "approval").rows["state"]) == {"completed"}
    house.desk.clock.sleep(7 * 24 * 3600)
    assert sorted(pulled(house, "approval").rows["state"]) == ["completed", "completed", "withdrawn"]


def test_who_decides_is_remembered_by_employee_number(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.oa.tables["approval"][0] |= {"approver": "u9", "approver_employee": "009"}
    pull_company(house.desk, AS_OF, "before")
    asked: dict[str, Since] = {}
    monkeypatch.setattr(house.oa, "pull", _noting(house.oa.pull, asked))
    pulled(house, "approval")
    assert asked["approval"].numbers == {"u9": "009"}


def test_turns_that_are_over_do_not_make_the_approvals_shrink(house: House) -> None:
    whole = house.oa.tables["approval"]
    turn = {**whole[0], "ref": "A9", "number": "SP9", "state": "running", "decision": "waiting"}
    house.oa.tables["approval"] = [*whole, *(turn for _ in range(9))]
    pull_company(house.desk, AS_OF, "before")
    house.oa.tables["approval"] = [*whole, turn | {"state": "completed", "decision": "agree"}]
    assert pull_company(house.desk, AS_OF, "after")["approval"].complete


def test_what_a_company_does_not_have_over_there_is_said_by_our_own_names(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_pages(house, "finance", monkeypatch, lambda page: replace(page, lacks=frozenset({"trip_start", "F_OTHER"})))
    assert pulled(house, "request").lacks == {"trip_start"}


def test_a_proof_says_first_and_last_key_and_every_count(house: House) -> None:
    house.finance.tables["open_item"].append(item_row("L9", "004", "x"))
    proof = pulled(house, "open_item").proof()
    assert {name: proof[name] for name in ("rows", "staged", "rejected", "first_key", "last_key", "complete")} == {
        "rows": 4, "staged": 3, "rejected": 1, "first_key": "IL1", "last_key": "IL4", "complete": True}


def test_a_night_tells_how_far_each_stream_is(house: House) -> None:
    told: list[tuple[str, int]] = []
    desk = replace(house.desk, progress=lambda stage, rows: told.append((stage, rows)))
    read_company(desk, AS_OF, "run", None)
    assert ("pull.employee", 30) in told and ("pull.open_item", 3) in told
