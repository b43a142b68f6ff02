"""What links and what parts, as a truth table; and that a name alone never makes two people one."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mappings.link import ORDER, link_people, settle_employees
from connector.model.tables import schema
from tests.laws.companies import LAW

MINE, OTHER = "mine", "other"


@dataclass(frozen=True)
class Row:
    """Somebody as one system knows him."""

    number: str
    name: str | None
    mobile_hash: str | None = None
    id_hash: str | None = None


def frame(rows: list[Row], table: str) -> pl.DataFrame:
    return pl.DataFrame([{**vars(row), "system": "s", "ref": str(at)} for at, row in enumerate(rows)], schema(table))


def pairs(*rows: tuple[str, ...]) -> pl.DataFrame:
    names = ["number", "person", "rule"][: len(rows[0])] if rows else ["number", "person", "rule"]
    return pl.DataFrame(rows, dict.fromkeys(names, pl.String), orient="row")


def verdict(
    mine: list[Row], staff: list[Row], stored: pl.DataFrame, parted: pl.DataFrame
) -> tuple[str, str | None, str | None]:
    found = link_people(frame(mine, "person"), *settle_employees(frame(staff, "employee")), stored, parted)
    mine_only = found.people.filter(pl.col("number") == mine[0].number)
    state, person, rule = mine_only.select("state", "person", "rule").row(0)
    return state, person, rule


ZHANG = Row("E1", "张三", MINE, "aa")
LI = Row("E2", "李四", OTHER, "bb")
BY_PERSON, BY_RULE = ("F", "E1", "person"), ("F", "E1", "number_and_name")

TABLE = [
    # in finance, links that live, pairs taken apart → state, person, rule
    ([Row("F", "李四", OTHER, "bb")], [BY_PERSON], [], ("linked", "E1", "stored")),  # a person wins over everything
    ([Row("F", "张三", MINE, "bb")], [BY_RULE], [], ("disputed", None, None)),  # another identity beats a rule's link
    ([Row("F", "张三丰")], [BY_RULE], [], ("linked", "E1", "stored")),  # a new name does not
    ([Row("F", "张三丰", None, "aa")], [BY_RULE], [], ("linked", "E1", "stored")),
    ([Row("F", "张三", None, "aa")], [], [], ("linked", "E1", "id_hash")),
    ([Row("E2", "张三", None, "aa")], [], [], ("linked", "E1", "id_hash")),  # identity beats the number
    ([Row("F", "王五", None, "aa")], [], [], ("disputed", None, None)),  # the identity, and another name
    ([Row("F", None, None, "aa")], [], [], ("disputed", None, None)),
    ([Row("F", "张三", None, "aa")], [], [("F", "E1")], ("disputed", None, None)),  # taken apart by a person
    ([Row("E1", "张三", None, "cc")], [], [], ("disputed", None, None)),  # number and name, of another identity
    ([Row("E1", "张三")], [], [], ("linked", "E1", "number_and_name")),
    ([Row("E1", "张三")], [], [("E1", "E1")], ("disputed", None, None)),
    ([Row("E1", "张三"), Row("E1", "李四")], [], [], ("disputed", None, None)),
    ([Row("E2", "张三", MINE)], [], [], ("disputed", None, None)),  # the number points at somebody else
    ([Row("F", "张三", MINE)], [], [], ("linked", "E1", "name_and_mobile")),
    ([Row("F", "张三", MINE, "cc")], [], [], ("unlinked", None, None)),  # of another identity
    ([Row("F", "张三", MINE)], [], [("F", "E1")], ("unlinked", None, None)),
    ([Row("F", "张三", MINE), Row("G", "张三", MINE)], [], [], ("unlinked", None, None)),  # not unique in finance
    ([Row("F", "李四", MINE)], [], [], ("unlinked", None, None)),
    ([Row("F", "张三")], [], [], ("unlinked", None, None)),  # never by name alone
    ([Row("F", "张三", OTHER)], [], [], ("unlinked", None, None)),
]


@pytest.mark.parametrize(("mine", "stored", "parted", "expected"), TABLE)
def test_the_first_rule_that_fits_decides(
    mine: list[Row], stored: list[tuple[str, str, str]], parted: list[tuple[str, str]],
    expected: tuple[str, str | None, str | None],
) -> None:
    found = verdict(mine, [ZHANG, LI], pairs(*stored), pairs(*parted) if parted else pairs().drop("rule"))
    assert found == expected


def test_every_rule_of_the_order_is_tried_by_the_table() -> None:
    seen = {(state, rule or "") for *_, (state, _, rule) in TABLE} - {("unlinked", "")}
    assert seen == {(state, rule) for _, state, _, rule in ORDER}


@pytest.mark.parametrize("twin", [Row("E9", "张三", MINE), Row("E9", "别人", MINE)])
def test_a_mobile_that_two_of_hr_have_links_nobody(twin: Row) -> None:
    no = pairs().drop("rule")
    assert verdict([Row("F", "张三", MINE)], [ZHANG, twin], pairs(), no) == ("unlinked", None, None)


def test_an_identity_that_two_numbers_of_hr_have_is_disputed_unless_one_of_them_is_his_number() -> None:
    staff, no = [ZHANG, Row("E9", "张三", None, "aa")], pairs().drop("rule")
    assert verdict([Row("F", "张三", None, "aa")], staff, pairs(), no)[0] == "disputed"
    assert verdict([Row("E9", "张三", None, "aa")], staff, pairs(), no) == ("linked", "E9", "id_hash")


def test_whoever_holds_the_identity_or_had_the_link_is_a_candidate() -> None:
    mine, staff = [Row("F", "王五", None, "bb")], [ZHANG, LI]
    found = link_people(frame(mine, "person"), *settle_employees(frame(staff, "employee")), pairs(BY_RULE))
    assert found.candidates.rows() == [("F", "E1"), ("F", "E2")]


def test_evidence_says_what_matched_and_shows_no_number_and_no_whole_name() -> None:
    found = link_people(
        frame([Row("F", "张三", MINE), Row("G", "李四", None, "bb")], "person"),
        *settle_employees(frame([ZHANG, LI], "employee")), pairs(),
    )
    shown = found.people["evidence"].to_list()
    assert shown == ['{"name":"张*","mobile_hash":"mine"}', '{"id_hash":"bb","name":"李*"}']


@st.composite
def namesakes(draw: st.DrawFn) -> tuple[list[Row], list[Row], dict[str, int]]:
    """Up to six people with two names among them, each with his own number, mobile and identity; how HR and finance
    know them, with gaps. Finance writes the number as HR does, or one that HR has not. Also finance number → person."""
    staff, mine, owner = [], [], {}
    for person in range(draw(st.integers(2, 6))):
        name = draw(st.sampled_from(["张伟", "王芳"]))
        mobile, identity = f"mobile{person}", f"id{person}"
        some = st.booleans()
        if draw(some):
            staff.append(Row(f"E{person}", name, mobile if draw(some) else None, identity if draw(some) else None))
        for spelling in draw(st.sets(st.sampled_from([f"E{person}", f"F{person}"]))):
            mine.append(Row(spelling, name, mobile if draw(some) else None, identity if draw(some) else None))
            owner[spelling] = person
    return mine, staff, owner


@LAW
@given(namesakes())
def test_no_rule_ever_makes_two_people_of_one_name_one(drawn: tuple[list[Row], list[Row], dict[str, int]]) -> None:
    mine, staff, owner = drawn
    found = link_people(frame(mine, "person"), *settle_employees(frame(staff, "employee")), pairs())
    for number, person in found.people.filter(pl.col("state") == "linked").select("number", "person").iter_rows():
        assert person == f"E{owner[number]}"
