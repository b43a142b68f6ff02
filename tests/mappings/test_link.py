"""Whose row it is: the same number and the same name, in whatever spelling; else disputed or unlinked."""

from __future__ import annotations

import polars as pl
import pytest

from connector.mappings.link import Links, link_people, settle_employees
from connector.model.tables import schema

NO_LINKS = pl.DataFrame(schema={"number": pl.String, "person": pl.String, "rule": pl.String})


def staff(*rows: tuple[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = pl.DataFrame(
        [{"system": "hr", "ref": f"r{at}", "number": n, "name": name} for at, (n, name) in enumerate(rows)],
        schema=schema("employee"),
    )
    return settle_employees(frame)


def linked(people: list[tuple[str, str | None]], *rows: tuple[str, str], stored: pl.DataFrame = NO_LINKS) -> Links:
    frame = pl.DataFrame(people, schema={"number": pl.String, "name": pl.String}, orient="row").with_columns(
        mobile_hash=pl.lit(None, pl.String), id_hash=pl.lit(None, pl.String)
    )
    return link_people(frame, *staff(*rows), stored)


def states(links: Links) -> dict[str, str]:
    return dict(links.people.select("number", "state").iter_rows())


@pytest.mark.parametrize(
    ("in_finance", "in_hr", "state"),
    [
        ("张三", "张三", "linked"), ("张 三", "张三", "linked"), ("Zhang San", "san ZHANG", "linked"),
        ("Ｚｈａｎｇ　Ｓａｎ", "Zhang San", "linked"), ("O'Neil", "O’Neil", "linked"), ("张三", "张叁", "disputed"),
        ("张三丰", "三丰张", "disputed"), (None, "张三", "disputed"), ("", "张三", "disputed"),
    ],
)
def test_number_and_name_together_make_a_link(in_finance: str | None, in_hr: str, state: str) -> None:
    assert states(linked([("E1", in_finance)], ("E1", in_hr))) == {"E1": state}


def test_a_number_that_hr_does_not_have_is_unlinked_and_the_name_only_a_candidate() -> None:
    links = linked([("X9", "张三")], ("E1", "张三"), ("E2", "李四"))
    assert states(links) == {"X9": "unlinked"}
    assert links.candidates.rows() == [("X9", "E1")]


@pytest.mark.parametrize("slip", ["e001", "E 001", "E-1", "E1"])
def test_a_slip_in_the_number_is_a_candidate_and_no_link(slip: str) -> None:
    links = linked([(slip, "别人")], ("E001", "张三"))
    assert states(links) == {slip: "unlinked"} and links.candidates.rows() == [(slip, "E001")]


def test_a_number_that_two_people_of_hr_have_is_disputed() -> None:
    links = linked([("E1", "张三")], ("E1", "张三"), ("E1", "李四"))
    assert states(links) == {"E1": "disputed"} and links.candidates.rows() == [("E1", "E1")]


def test_rows_alike_but_for_their_key_are_one_person() -> None:
    once, doubled = staff(("E1", "张三"), ("E1", "张三"))
    assert (once.height, doubled.height) == (1, 0)


def test_a_stored_link_wins_over_a_changed_name_while_its_person_is_there() -> None:
    stored = pl.DataFrame({"number": ["E1"], "person": ["E1"], "rule": ["number_and_name"]})
    assert states(linked([("E1", "王五")], ("E1", "张三"), stored=stored)) == {"E1": "linked"}
    assert states(linked([("E1", "王五")], ("E2", "张三"), stored=stored)) == {"E1": "unlinked"}


def test_two_names_under_one_number_in_finance_are_disputed() -> None:
    assert states(linked([("E1", "张三"), ("E1", "李四")], ("E1", "张三"))) == {"E1": "disputed"}
