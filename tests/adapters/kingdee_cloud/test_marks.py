from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from connector.adapters.contract import Setting
from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kingdee_cloud.marks import FieldMarks
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kingdee_cloud.sinks import mark_places
from connector.errors import RejectedError
from connector.model.plan import digest
from connector.model.tables import schema
from tests.adapters.kingdee_cloud.conftest import options

CONTENT = {"codes": ["exit.open_loan", "loan.overdue"], "level": "critical"}
DAY = date(2026, 7, 31)


def marks_of(kind: str, session: Session, clock: Any, **changes: Any) -> FieldMarks:
    """Marks of a kind as a connection with these options keeps them."""
    form = KingdeeForm.model_validate(options(**changes))
    (place, shape), = [one for one in mark_places(form) if one[1].kind == kind]
    return FieldMarks(session, place, shape, Setting("kingdee", "CNY", ZoneInfo("Asia/Shanghai"), clock), 2)


@pytest.fixture
def flags(connect: Callable[..., Session], clock: Any, kingdee: Any) -> FieldMarks:
    kingdee.forms["BD_Empinfo"] = [{"FID": n, "FNumber": f"E{n}"} for n in (1, 2, 3)]
    return marks_of("risk_flag", connect(), clock)


def set_on(kingdee: Any, number: int, **fields: object) -> None:
    kingdee.forms["BD_Empinfo"][number - 1] |= {f"F_PAEZ_{name}": value for name, value in fields.items()}


def test_nobody_is_flagged_at_first(flags: FieldMarks) -> None:
    found = flags.observed(None)
    assert found.height == 0 and found.schema == schema("mark")


def test_a_flag_that_was_set_is_read_back_with_the_same_content(flags: FieldMarks) -> None:
    flags.write("E2", CONTENT, "欠款 28,000.00", DAY)
    row = flags.observed(None).row(0, named=True)
    assert (row["system"], row["kind"], row["ref"]) == ("kingdee", "risk_flag", "E2")
    assert row["content"] == '{"codes":["exit.open_loan","loan.overdue"],"level":"critical"}'
    assert row["digest"] == digest(CONTENT)


def test_a_flag_that_was_taken_away_is_gone(flags: FieldMarks) -> None:
    flags.write("E2", CONTENT, "欠款", DAY)
    flags.write("E2", None, "", DAY)
    assert flags.observed(None).height == 0


def test_only_the_flags_own_fields_are_written(flags: FieldMarks, kingdee: Any) -> None:
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


def test_all_flags_are_found_over_several_pages(flags: FieldMarks) -> None:
    for number in ("E1", "E2", "E3"):
        flags.write(number, CONTENT, "!", DAY)
    assert flags.observed(None)["ref"].to_list() == ["E1", "E2", "E3"]


def test_the_flags_of_given_employees_can_be_asked_for(flags: FieldMarks) -> None:
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
    flags: FieldMarks, kingdee: Any, fields: dict[str, object], content: str
) -> None:
    set_on(kingdee, 1, **fields)
    assert flags.observed(None)["content"].to_list() == [content]


@pytest.mark.parametrize("number", ["E9", "E1"])
def test_a_number_that_names_none_or_two_employees_is_not_written_to(
    flags: FieldMarks, kingdee: Any, number: str
) -> None:
    kingdee.forms["BD_Empinfo"].append({"FID": 4, "FNumber": "E1"})
    with pytest.raises(RejectedError, match="expected one"):
        flags.write(number, CONTENT, "!", DAY)
    assert kingdee.saved == []


OWN = {"form": "PAEZ_LoanRisk", "employee": "F_PAEZ_Employee"}


@pytest.fixture
def own(connect: Callable[..., Session], clock: Any, kingdee: Any) -> FieldMarks:
    """Flags in a form of their own, which is empty at first."""
    kingdee.forms["PAEZ_LoanRisk"] = []
    return marks_of("risk_flag", connect(), clock, flags=OWN)


def test_a_form_of_its_own_gets_one_record_an_employee_and_keeps_it(own: FieldMarks, kingdee: Any) -> None:
    own.write("E1", CONTENT, "欠款", DAY)
    made = kingdee.saved[0]["data"]["Model"]
    assert (made["FID"], made["FBillNo"], made["F_PAEZ_Employee"]) == (0, "E1", {"FNumber": "E1"})
    own.write("E1", CONTENT | {"level": "warning"}, "欠款", DAY)
    assert kingdee.saved[1]["data"]["Model"]["FID"] == kingdee.forms["PAEZ_LoanRisk"][0]["FID"]
    assert len(kingdee.forms["PAEZ_LoanRisk"]) == 1


def test_a_flag_taken_away_leaves_its_record_with_empty_fields(own: FieldMarks, kingdee: Any) -> None:
    own.write("E1", CONTENT, "欠款", DAY)
    own.write("E1", None, "", DAY)
    assert own.observed(None).height == 0 and kingdee.forms["PAEZ_LoanRisk"][0]["F_PAEZ_RiskCodes"] == ""
    own.write("E2", None, "", DAY)
    assert len(kingdee.forms["PAEZ_LoanRisk"]) == 1


def test_a_record_that_landed_late_is_changed_and_no_second_one_is_made(own: FieldMarks, kingdee: Any) -> None:
    def landed_meanwhile(request: httpx.Request) -> httpx.Response:
        kingdee.forms["PAEZ_LoanRisk"].append({"FID": 9, "FBillNo": "E1"})
        status = {"IsSuccess": False, "MsgCode": 11, "Errors": [{"Message": "E1已存在"}]}
        return httpx.Response(200, content=orjson.dumps({"Result": {"ResponseStatus": status}}))

    kingdee.odd["Save"] = [landed_meanwhile]
    own.write("E1", CONTENT, "欠款", DAY)
    assert [row["FID"] for row in kingdee.forms["PAEZ_LoanRisk"]] == [9]
    assert own.observed(["E1"])["digest"].to_list() == [digest(CONTENT)]


def test_two_records_of_one_employee_are_no_mark_that_anybody_wants(own: FieldMarks, kingdee: Any) -> None:
    own.write("E1", CONTENT, "欠款", DAY)
    kingdee.forms["PAEZ_LoanRisk"].append(kingdee.forms["PAEZ_LoanRisk"][0] | {"FID": 77})
    assert own.observed(None)["content"].to_list() == ["{}"]
    with pytest.raises(RejectedError, match="found 2 records"):
        own.write("E1", CONTENT, "欠款", DAY)


FIELDS = {"status": "F_S", "hired_on": "F_H", "last_day": "F_L", "department": "F_D", "position": "F_P"}
KNOWN = {"status": "leaving", "hired_on": "2020-01-05", "last_day": None, "department": "销售部", "position": "经理"}


@pytest.fixture
def enriched(connect: Callable[..., Session], clock: Any, kingdee: Any) -> Callable[..., FieldMarks]:
    kingdee.forms["BD_Empinfo"] = [{"FID": n, "FNumber": f"E{n}"} for n in (1, 2)]
    return lambda **fields: marks_of("enrichment", connect(), clock, enrichment=fields or FIELDS)


def test_what_hr_knows_is_written_and_read_back_as_it_was_meant(enriched: Any, kingdee: Any) -> None:
    enriched().write("E1", KNOWN, "", DAY)
    assert kingdee.saved[0]["data"]["Model"] == {
        "FID": 1, "F_S": "待离职", "F_H": "2020-01-05", "F_L": None, "F_D": "销售部", "F_P": "经理",
    }
    kingdee.forms["BD_Empinfo"][0]["F_H"] = "2020-01-05T00:00:00"  # as the server shows a date
    row = enriched().observed(["E1", "E2"]).row(0, named=True)
    assert (row["ref"], row["kind"], row["digest"]) == ("E1", "enrichment", digest(KNOWN))


def test_only_fields_that_the_company_named_are_written(enriched: Any, kingdee: Any) -> None:
    enriched(position="F_P").write("E1", KNOWN | {"monthly_salary": 900_000}, "", DAY)
    assert kingdee.saved[0]["data"]["Model"] == {"FID": 1, "F_P": "经理"}


def test_what_is_taken_away_leaves_empty_fields(enriched: Any, kingdee: Any) -> None:
    enriched().write("E1", KNOWN, "", DAY)
    enriched().write("E1", None, "", DAY)
    assert enriched().observed(["E1"]).height == 0
    assert kingdee.saved[1]["data"]["Model"] == {"FID": 1, "F_S": "", "F_H": None, "F_L": None, "F_D": "", "F_P": ""}


@pytest.mark.parametrize("count", [0, 3, None])
def test_no_loans_and_an_unknown_number_of_loans_are_told_apart(enriched: Any, count: int | None) -> None:
    loans = {"open_loans": count, "oldest_open_on": "2026-07-01"}
    marks = enriched(open_loans="F_N", oldest_open_on="F_O")
    marks.write("E1", loans, "", DAY)
    assert marks.observed(["E1"])["digest"].to_list() == [digest(loans)]
