"""A company whose only HR store is the OA's roster: who leaves is held, who left is seen, and a look knows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.sandbox.company import write_sample_company
from connector.sync.look import look_at
from tests.journeys.conftest import FIRST_NIGHT, Town, open_town, planned


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    write_sample_company(tmp_path / "company", FIRST_NIGHT)
    with open_town(tmp_path, dingtalk={"roster": True}) as found:
        yield found


def test_the_roster_alone_holds_the_debtor_and_a_look_says_why(town: Town) -> None:
    town.night()
    town.happens(2)
    record = town.night()
    assert ("put", "exit_hold", town.debtor) in planned(record)
    assert [trouble.code for trouble in record.troubles if trouble.place == "dingtalk"] == []
    look = look_at(town.desk, town.debtor, town.world.today())
    assert look.story is not None and look.story.department == "销售部"
    assert "exit.open_loan" in {finding["rule"] for finding in look.findings}
    assert len(look.exits) == 1


def test_whoever_left_with_a_loan_is_found_by_the_roster(town: Town) -> None:
    row = next(row for row in town.world.rows("employees") if row["number"] == town.debtor)
    town.world.put("employees", dict(row) | {"status": "left", "last_day": FIRST_NIGHT.isoformat()})
    found = town.night().findings["findings"]
    assert ("exit.left_with_loan", town.debtor) in {(one["rule"], one["employee"]) for one in found}
