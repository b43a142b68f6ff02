from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import connector.adapters.kingdee_cloud as product
from connector.adapters.contract import Check
from connector.adapters.kingdee_cloud.checks import Checks
from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kingdee_cloud.reading import FORMS, fields_of
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kit.http import Channel, transport
from connector.mappings.table import load_mapping

FOLDER = Path(product.__file__).parent
MAPPINGS = load_mapping((FOLDER / "mapping.yaml").read_text("utf-8"), "mapping")
TEXTS = {
    language: yaml.safe_load((FOLDER / f"texts/{language}.yaml").read_text("utf-8")) for language in ("zh_CN", "en")
}


@pytest.fixture
def check(kingdee: Any, clock: Any) -> Callable[[], list[Check]]:
    for stream, forms in FORMS.items():
        for form in forms:
            row = dict.fromkeys(fields_of(MAPPINGS[stream], form.form_id).values(), "x")
            kingdee.forms[form.form_id] = [row | {"FID": 1}]
    kingdee.forms["BD_Currency"] = [{"FID": 1, "FCURRENCYID": 1, "FCODE": "CNY"}]
    flags = ("Flag", "Codes", "Level", "Text", "AsOf")
    kingdee.forms["BD_Empinfo"][0] |= {f"F_PAEZ_Risk{name}": None for name in flags}
    form = KingdeeForm.model_validate({
        "base_url": "https://erp.example.com/k3cloud/", "acct_id": "a", "username": "u",
        "app_id": "1_2", "app_secret": "s",
    })  # fmt: skip
    channel = Channel(form.endpoint, clock, transport=transport(kingdee))
    return lambda: Checks(channel, Session(form, channel, clock), MAPPINGS, form, clock).run()


def failed(found: list[Check]) -> Check:
    assert all(one.passed for one in found[:-1]) and not found[-1].passed
    for texts in TEXTS.values():
        assert texts["kingdee_cloud"]["mend"][found[-1].mend.rpartition(".")[2]]
    return found[-1]


def test_a_sound_connection_passes_all_stages(check: Callable[[], list[Check]]) -> None:
    found = check()
    assert [one.stage for one in found] == ["reach", "login", "permission", "fields", "clock"]
    assert all(one.passed for one in found)


@pytest.mark.parametrize("answer", [httpx.Response(404), httpx.Response(200, content=b"<html>"), httpx.Response(503)])
def test_a_wrong_address_is_found_first(check: Callable[[], list[Check]], kingdee: Any, answer: Any) -> None:
    kingdee.odd["GetDataCenterList"] = [lambda request: answer] * 3
    assert (failed(check()).stage, failed(check()).mend) == ("reach", "kingdee_cloud.mend.base_url")


def test_a_wrong_credential_is_found_by_a_real_query(check: Callable[[], list[Check]], kingdee: Any) -> None:
    refusal = httpx.Response(500, content=b"Fail to verify thirty passport")
    kingdee.odd["ExecuteBillQuery"] = [lambda request: refusal] * 2
    assert failed(check()).mend == "kingdee_cloud.mend.credential"


def test_rights_that_hide_all_employees_are_found(check: Callable[[], list[Check]], kingdee: Any) -> None:
    kingdee.forms["BD_Empinfo"] = []
    assert failed(check()).mend == "kingdee_cloud.mend.no_rows"


def test_a_form_without_right_is_named(check: Callable[[], list[Check]], kingdee: Any) -> None:
    body = '[[{"Result":{"ResponseStatus":{"IsSuccess":false,"MsgCode":2,"Errors":[{"Message":"无权限"}]}}}]]'
    login = httpx.Response(200, content=b"[]")
    kingdee.odd["ExecuteBillQuery"] = [lambda r: login, lambda r: httpx.Response(200, text=body)]
    found = failed(check())
    assert found.mend == "kingdee_cloud.mend.permission" and "AP_PAYBILL" in found.found


def test_missing_fields_are_named_with_what_to_create(check: Callable[[], list[Check]], kingdee: Any) -> None:
    del kingdee.forms["BD_Empinfo"][0]["F_PAEZ_RiskAsOf"], kingdee.forms["AR_OtherRecAble"][0]["FENDDATE_H"]
    found = failed(check())
    assert found.mend == "kingdee_cloud.mend.fields"
    assert found.found == "BD_Empinfo: F_PAEZ_RiskAsOf (date); AR_OtherRecAble: FENDDATE_H"


@pytest.mark.parametrize(
    ("date", "passes"),
    [
        ("Fri, 31 Jul 2026 04:01:00 GMT", True),
        ("Fri, 31 Jul 2026 03:58:59 GMT", False),
        ("", True),
        ("soon", True),
    ],
)
def test_a_clock_that_is_off_is_found(check: Callable[[], list[Check]], kingdee: Any, date: str, passes: bool) -> None:
    kingdee.odd["GetDataCenterList"] = [lambda request: httpx.Response(200, json=[], headers={"Date": date})]
    assert check()[-1].passed is passes


def test_an_account_that_the_ledgers_report_does_not_show_is_found(
    check: Callable[[], list[Check]], kingdee: Any
) -> None:
    nothing = {"Result": {"IsSuccess": True, "RowCount": 0, "Rows": []}}
    kingdee.odd["GetSysReportData"] = [lambda request: httpx.Response(200, json=nothing)]
    found = failed(check())
    assert (found.stage, found.mend) == ("permission", "kingdee_cloud.mend.accounts")
    assert "1221.01" in found.found


def test_an_optional_field_that_is_not_there_is_said_and_no_fault(
    check: Callable[[], list[Check]], kingdee: Any
) -> None:
    del kingdee.forms["AR_OtherRecAble"][0]["F_PAEZ_TripStart"]
    found = next(one for one in check() if one.stage == "fields")
    assert found.passed and "AR_OtherRecAble: F_PAEZ_TripStart" in found.found
