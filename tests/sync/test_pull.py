"""Pull: what was read, how its end was proved, and why it is not whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connector.mappings.table import Field
from connector.sync.pull import Stream, pull_stream
from tests.fakes import AS_OF, House, small_house


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
