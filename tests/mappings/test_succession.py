"""Which number is an earlier one of whom: the same identity and name, or a person's word; a name alone says nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from connector.mappings.succession import HEIRS, by_identity, closed, follow, namesakes, with_heirs
from connector.model.tables import schema


def staff(*rows: dict[str, Any]) -> pl.DataFrame:
    same = {"system": "hr", "name": "张三", "id_hash": "aa", "status": "active"}
    return pl.DataFrame([{**same, "ref": row["number"], **row} for row in rows], schema("employee"))


def heirs(*pairs: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(pairs, HEIRS, orient="row")


OLD = {"number": "R1", "status": "left", "hired_on": date(2020, 1, 1), "last_day": date(2024, 1, 1)}
NEW = {"number": "R2", "hired_on": date(2025, 1, 1)}


@pytest.mark.parametrize(("old", "new", "found"), [
    ({}, {}, [("R1", "R2")]),
    ({}, {"status": "leaving"}, [("R1", "R2")]),
    ({}, {"status": "left"}, [("R1", "R2")]),  # gone again: what he owes is found under his last number
    ({"status": "active"}, {}, []),  # two employments side by side
    ({"name": "李四"}, {}, []), ({"id_hash": None}, {}, []), ({"id_hash": "bb"}, {}, []),
    ({"name": None}, {"name": None}, []),
    ({}, {"status": "left", "hired_on": date(2020, 1, 1)}, []), ({}, {"status": "left", "hired_on": None}, []),
])
def test_an_employment_that_ended_is_followed_by_that_of_the_same_identity_and_name(
    old: dict[str, Any], new: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert by_identity(staff({**OLD, **old}, {**NEW, **new})).select("number", "person").rows() == found


def test_of_two_employments_that_go_on_the_one_begun_last_follows() -> None:
    third = {"number": "R3", "hired_on": date(2026, 1, 1)}
    assert by_identity(staff(OLD, NEW, third)).select("number", "person").rows() == [("R1", "R3")]
    same_day = {"number": "R3", "hired_on": date(2025, 1, 1)}
    assert by_identity(staff(OLD, NEW, same_day)).height == 0


def test_a_chain_ends_at_the_number_of_today_and_a_circle_is_none() -> None:
    pairs = heirs(("A", "B"), ("B", "C"), ("X", "Y"), ("Y", "X"))
    assert sorted(closed(pairs).rows()) == [("A", "C"), ("B", "C")]


def test_what_follows_a_person_says_under_which_number_it_was() -> None:
    rows = pl.DataFrame({"loan": ["L1", "L2"], "person": ["R1", "R2"]})
    assert follow(rows, heirs(("R1", "R2"))).rows() == [("L1", "R2", "R1"), ("L2", "R2", None)]


def test_a_doubt_about_an_earlier_number_is_one_about_today_s_too() -> None:
    rows = pl.DataFrame({"person": ["R1"], "reason": ["why"]})
    assert with_heirs(rows, heirs(("R1", "R2"))).rows() == [("R1", "why"), ("R2", "why")]


@pytest.mark.parametrize(("new", "count"), [
    ({"id_hash": None}, 1), ({"id_hash": "bb"}, 0), ({"name": "李四"}, 0), ({"hired_on": date(2023, 12, 31)}, 0),
    ({"status": "left"}, 0),
])
def test_a_namesake_hired_since_is_only_named(new: dict[str, Any], count: int) -> None:
    found = namesakes(staff(OLD, {**NEW, **new}), pl.DataFrame({"number": ["R1"]}))
    assert found.rows() == [("R1", "R2")] * count
