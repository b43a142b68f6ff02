"""Who comes first where a night cannot read everybody."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from connector.store.links import keep_links
from connector.sync.pressing import people_first
from connector.sync.staging import pull_company
from tests.fakes import AS_OF, item_row, small_house


def test_before_the_first_night_nobody_comes_first(tmp_path: Path) -> None:
    assert people_first(small_house(tmp_path).desk) == ()


def test_who_owes_or_leaves_comes_first_and_who_owes_nothing_does_not(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    house.finance.tables["open_item"].append(item_row("L9", "009", "0.00"))
    house.oa.tables["exit"][1]["state"] = "withdrawn"
    pull_company(house.desk, AS_OF, "before")
    assert people_first(house.desk) == ("001", "003", "004")


def test_whom_finance_knows_by_another_number_comes_first_by_his_own(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    house.finance.tables["open_item"].append(item_row("L9", "F-9", "5.00"))
    link = pl.DataFrame({"number": ["F-9"], "person": ["009"], "rule": ["admin"], "evidence": [""]})
    keep_links(house.desk.store, "kingdee", link, "admin", house.desk.clock.now())
    pull_company(house.desk, AS_OF, "before")
    assert "009" in people_first(house.desk)
