"""Whose number it is, decided by a person: what he says wins and is remembered; what he cannot mean is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import StateError
from connector.model.runs import NightRecord
from connector.store.links import history_of, stored_links
from connector.sync.identity import OpenCase, link_by_hand, open_cases, unlink_by_hand
from connector.sync.look import look_at
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, item_row, person_row, small_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Finance writes 005 as `F-5`, with a loan of his; he wants to leave."""
    house = small_house(tmp_path)
    house.finance.tables["person"].append(person_row("F-5", name="名字005"))
    house.finance.tables["open_item"].append(item_row("L9", "F-5", "500.00"))
    house.balance_books()
    return house


def look(house: House) -> NightRecord:
    house.clock.sleep(1)
    return run_night(house.desk, AS_OF, "observe")


def cases(house: House, record: NightRecord) -> list[OpenCase]:
    return open_cases(house.desk, record.findings["findings"])


def owner(house: House, number: str) -> str | None:
    return dict(stored_links(house.desk.store, "kingdee").iter_rows()).get(number)


def test_a_case_names_who_may_be_meant_and_the_command_that_settles_it(house: House) -> None:
    (case,) = cases(house, look(house))
    assert (case.kind, case.over, case.number, case.subjects) == ("unlinked", "loan", "F-5", ("L9",))
    (choice,) = case.choices
    assert (choice.employee, choice.name, choice.status) == ("005", "名*", "active")
    assert choice.command == "connector link F-5 005 --by NAME --why TEXT"


def test_what_a_person_decides_is_judged_by_from_the_next_night_on(house: House) -> None:
    record = look(house)
    link_by_hand(house.desk, "F-5", "005", "王芳", "身份证核对过")
    assert cases(house, record) == []
    assert cases(house, look(house)) == [] and owner(house, "F-5") == "005"
    assert look_at(house.desk, "005", AS_OF).balance == {"CNY": "500.00"}


def test_a_person_wins_over_a_link_that_a_rule_has_made(house: House) -> None:
    look(house)
    made, before = link_by_hand(house.desk, "003", "004", "王芳", "录错了")
    assert before is not None and (before.person, before.by, made.rule) == ("003", "connector", "person")
    look(house)
    assert owner(house, "003") == "004"


def test_what_a_person_took_apart_no_rule_puts_together_again(house: House) -> None:
    look(house)
    unlink_by_hand(house.desk, "003", "王芳", "不是同一个人")
    found = cases(house, look(house))
    assert owner(house, "003") is None and ("disputed", "003") in {(c.kind, c.number) for c in found}
    ended = history_of(house.desk.store, "kingdee", "003")[-1]
    assert (ended.ended_by, ended.ended_why) == ("王芳", "不是同一个人")
    assert ended.evidence == '{"number":"003","name":"名*"}'


def test_whoever_a_number_was_taken_from_stays_a_candidate_until_it_is_settled(house: House) -> None:
    look(house)
    link_by_hand(house.desk, "F-5", "001", "王芳", "以为是他")
    unlink_by_hand(house.desk, "F-5", "李强", "弄错了")
    (case,) = [case for case in cases(house, look(house)) if case.number == "F-5"]
    assert [choice.employee for choice in case.choices] == ["001", "005"]


@pytest.mark.parametrize(("number", "employee", "said"), [
    ("F5", "005", "near it: F-5"), ("F-5", "0005", "near it: 005"), ("003", "003", None),
])
def test_what_cannot_be_meant_is_refused_with_what_comes_near(
    house: House, number: str, employee: str, said: str | None
) -> None:
    look(house)
    if said is None:
        link_by_hand(house.desk, number, employee, "王芳", "是他")
        said = "linked by 王芳"
    with pytest.raises(StateError, match=said):
        link_by_hand(house.desk, number, employee, "王芳", "是他")


def test_a_link_that_is_not_there_cannot_end(house: House) -> None:
    look(house)
    with pytest.raises(StateError, match=r"near it: .*003"):
        unlink_by_hand(house.desk, "0030", "王芳", "?")
    unlink_by_hand(house.desk, "003", "王芳", "?")
    with pytest.raises(StateError, match="ended already, by 王芳"):
        unlink_by_hand(house.desk, "003", "王芳", "?")


def test_before_anything_was_read_nothing_is_decided(house: House) -> None:
    with pytest.raises(StateError, match="no run has read it"):
        link_by_hand(house.desk, "F-5", "005", "王芳", "是他")
