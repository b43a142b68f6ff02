from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.adapters.contract import Setting
from connector.adapters.kingdee_cloud.connection import FlagFields
from connector.adapters.kingdee_cloud.marks import RiskFlags
from connector.adapters.kingdee_cloud.session import Session
from connector.errors import RejectedError
from connector.model.plan import digest
from connector.model.tables import schema

CONTENT = {"codes": ["exit.open_loan", "loan.overdue"], "level": "critical"}
DAY = date(2026, 7, 31)
Flags = Callable[..., RiskFlags]


@pytest.fixture
def flags(connect: Callable[..., Session], clock: Any, kingdee: Any) -> RiskFlags:
    kingdee.forms["BD_Empinfo"] = [{"FID": n, "FNumber": f"E{n}"} for n in (1, 2, 3)]
    return RiskFlags(connect(), FlagFields(), Setting("kingdee", "CNY", ZoneInfo("Asia/Shanghai"), clock), 2)


def set_on(kingdee: Any, number: int, **fields: object) -> None:
    kingdee.forms["BD_Empinfo"][number - 1] |= {f"F_PAEZ_{name}": value for name, value in fields.items()}


def test_nobody_is_flagged_at_first(flags: RiskFlags) -> None:
    found = flags.observed(None)
    assert found.height == 0 and found.schema == schema("mark")


def test_a_flag_that_was_set_is_read_back_with_the_same_content(flags: RiskFlags) -> None:
    flags.write("E2", CONTENT, "欠款 28,000.00", DAY)
    row = flags.observed(None).row(0, named=True)
    assert (row["system"], row["kind"], row["ref"]) == ("kingdee", "risk_flag", "E2")
    assert row["content"] == '{"codes":["exit.open_loan","loan.overdue"],"level":"critical"}'
    assert row["digest"] == digest(CONTENT)


def test_a_flag_that_was_taken_away_is_gone(flags: RiskFlags) -> None:
    flags.write("E2", CONTENT, "欠款", DAY)
    flags.write("E2", None, "", DAY)
    assert flags.observed(None).height == 0


def test_only_the_flags_own_fields_are_written(flags: RiskFlags, kingdee: Any) -> None:
    flags.write("E2", {"codes": ["b", "a"], "level": "warning"}, "说明", DAY)
    assert kingdee.saved[0]["data"]["Model"] == {
        "FID": 2,
        "F_PAEZ_RiskFlag": True,
        "F_PAEZ_RiskCodes": "a,b",
        "F_PAEZ_RiskLevel": "warning",
        "F_PAEZ_RiskText": "说明",
        "F_PAEZ_RiskAsOf": "2026-07-31",
    }
    assert kingdee.saved[0]["data"]["NeedUpDateFields"][0] == "F_PAEZ_RiskFlag"


def test_all_flags_are_found_over_several_pages(flags: RiskFlags) -> None:
    for number in ("E1", "E2", "E3"):
        flags.write(number, CONTENT, "!", DAY)
    assert flags.observed(None)["ref"].to_list() == ["E1", "E2", "E3"]


def test_the_flags_of_given_employees_can_be_asked_for(flags: RiskFlags) -> None:
    flags.write("E1", CONTENT, "", DAY)
    flags.write("E2", CONTENT, "", DAY)
    assert flags.observed(["E2", "E3", "E9"])["ref"].to_list() == ["E2"]


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        ({"RiskFlag": True, "RiskCodes": " "}, '{"codes":[],"level":""}'),
        ({"RiskFlag": False, "RiskCodes": "a", "RiskLevel": "warning"}, '{"codes":[],"level":"warning"}'),
        ({"RiskFlag": True, "RiskCodes": "a", "RiskLevel": "x", "RiskText": " "}, '{"codes":[],"level":"x"}'),
        ({"RiskFlag": True, "RiskCodes": " b , a,", "RiskLevel": " x ", "RiskText": "!"},
         '{"codes":["a","b"],"level":"x"}'),
    ],
)
def test_a_flag_touched_by_hand_differs_from_every_wanted_one(
    flags: RiskFlags, kingdee: Any, fields: dict[str, object], content: str
) -> None:
    set_on(kingdee, 1, **fields)
    assert flags.observed(None)["content"].to_list() == [content]


@pytest.mark.parametrize("number", ["E9", "E1"])
def test_a_number_that_names_none_or_two_employees_is_not_written_to(
    flags: RiskFlags, kingdee: Any, number: str
) -> None:
    kingdee.forms["BD_Empinfo"].append({"FID": 4, "FNumber": "E1"})
    with pytest.raises(RejectedError, match="expected one"):
        flags.write(number, CONTENT, "!", DAY)
    assert kingdee.saved == []
