"""The vendor's own SDK against our stand-in on a real port: it logs in, reads, saves, works documents and metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from k3cloud_webapi_sdk.main import K3CloudApiSdk

from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.sandbox.company import write_sample_company
from connector.sandbox.server import Sandbox, start_sandbox
from connector.sandbox.world import load_world

DAY = date(2026, 7, 31)
FLAG = "F_PAEZ_RiskFlag"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    write_sample_company(tmp_path, DAY)
    world = load_world(tmp_path)
    with start_sandbox(world, {"kingdee": KingdeeStandIn(world)}) as box:
        yield box


def connect(box: Sandbox, **changes: Any) -> K3CloudApiSdk:
    said = {**box.describe()["kingdee"], **changes}
    sdk = K3CloudApiSdk(said["base_url"])
    sdk.InitConfig(
        said["acct_id"], said["username"], said["app_id"], said["app_secret"], said["base_url"], said["lcid"],
        said["org_num"],
    )
    assert sdk.initialize is True
    return sdk


@pytest.fixture
def sdk(box: Sandbox) -> K3CloudApiSdk:
    return connect(box)


def query(sdk: K3CloudApiSdk, form: str, fields: str, where: str = "", **more: Any) -> Any:
    asked = {"FormId": form, "FieldKeys": fields, "FilterString": where, "OrderString": "FID ASC", "TopRowCount": 0,
             "StartRow": 0, "Limit": 2000}
    return json.loads(sdk.ExecuteBillQuery(asked | more))


def test_it_reads_every_employee_and_loan_of_the_company(box: Sandbox, sdk: K3CloudApiSdk) -> None:
    people = query(sdk, "BD_Empinfo", "FID,FNumber,FName")
    assert {number for _, number, _ in people} >= {row["number"] for row in box.world.rows("employees")}
    items = query(sdk, "AR_OtherRecAble", "FBillNo,FCONTACTUNIT.FNumber,FAMOUNTFOR,FNOTWRITTENOFFAMOUNTFOR_H")
    lent = [row for row in box.world.rows("loans") if row["lent_on"] and row["lent_on"] <= DAY.isoformat()]
    assert {(number, who, float(amount)) for number, who, amount, _ in items} == {
        (row["number"], row["employee"], float(row["principal"])) for row in lent
    }


def test_it_pages_with_start_row_and_limit(sdk: K3CloudApiSdk) -> None:
    everybody = query(sdk, "BD_Empinfo", "FID")
    pages = [query(sdk, "BD_Empinfo", "FID", StartRow=start, Limit=7) for start in range(0, len(everybody) + 7, 7)]
    assert [row for page in pages for row in page] == everybody
    assert pages[-1] == []


def test_it_saves_a_flag_and_reads_it_back(box: Sandbox, sdk: K3CloudApiSdk) -> None:
    ((fid, flag),) = query(sdk, "BD_Empinfo", f"FID,{FLAG}", "FNumber = '1004'")
    assert not flag
    said = json.loads(sdk.Save("BD_Empinfo", {
        "NeedUpDateFields": [FLAG], "IsDeleteEntry": "false", "Model": {"FID": fid, FLAG: True},
    }))
    assert said["Result"]["ResponseStatus"]["IsSuccess"] is True
    assert query(sdk, "BD_Empinfo", FLAG, f"FID = {fid}") == [[True]]
    shown = json.loads(sdk.View("BD_Empinfo", {"Id": str(fid)}))["Result"]["Result"]
    assert shown[FLAG] is True and shown["Number"] == "1004"
    assert [effect["op"] for effect in box.world.effects] == ["Save"]


def test_a_field_that_is_not_named_and_one_that_nobody_knows_change_nothing(sdk: K3CloudApiSdk) -> None:
    ((fid, name),) = query(sdk, "BD_Empinfo", "FID,FName", "FNumber = '1004'")
    said = json.loads(sdk.Save("BD_Empinfo", {
        "NeedUpDateFields": [FLAG, "F_NOBODY"], "Model": {"FID": fid, "FName": "other", "F_NOBODY": 1, FLAG: True},
    }))
    assert said["Result"]["ResponseStatus"]["IsSuccess"] is True
    assert query(sdk, "BD_Empinfo", f"FName,{FLAG}", f"FID = {fid}") == [[name, True]]


def test_it_queries_metadata(sdk: K3CloudApiSdk) -> None:
    said = json.loads(sdk.QueryBusinessInfo({"FormId": "BD_Empinfo"}))
    assert said["Result"]["ResponseStatus"]["IsSuccess"] is True
    assert FLAG in json.dumps(said, ensure_ascii=False)


def test_it_lists_data_centers(box: Sandbox, sdk: K3CloudApiSdk) -> None:
    assert box.describe()["kingdee"]["acct_id"] in sdk.GetDataCenters()


def test_an_unknown_form_is_answered_by_the_nested_error_with_http_200(sdk: K3CloudApiSdk) -> None:
    said = query(sdk, "NO_SuchForm", "FID")
    status = said[0][0]["Result"]["ResponseStatus"]
    assert status["IsSuccess"] is False and status["Errors"][0]["Message"]


@pytest.mark.parametrize("wrong", [{"app_secret": "0" * 32}, {"username": "nobody"}])
def test_a_wrong_credential_without_a_session_is_a_lost_session(box: Sandbox, wrong: dict[str, str]) -> None:
    said = query(connect(box, **wrong), "BD_Empinfo", "FID")
    assert "会话信息已丢失" in json.dumps(said, ensure_ascii=False)


def test_a_wrong_credential_is_not_noticed_while_the_session_lives(box: Sandbox, sdk: K3CloudApiSdk) -> None:
    query(sdk, "BD_Empinfo", "FID")
    sdk.config.app_secret = "0" * 32
    assert len(query(sdk, "BD_Empinfo", "FID")) > 0


def test_a_wrong_account_is_no_answer_at_all(box: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="thirty passport"):
        connect(box, acct_id="nowhere").ExecuteBillQuery({"FormId": "BD_Empinfo", "FieldKeys": "FID"})


def test_nothing_is_idempotent_and_a_code_addresses_nobody(sdk: K3CloudApiSdk) -> None:
    model = {"FNumber": "NEW1", "FStaffNumber": "NEW1", "FName": [{"Key": 2052, "Value": "新人"}]}
    first = json.loads(sdk.Save("BD_Empinfo", {"Model": {"FID": 0, **model}}))["Result"]["ResponseStatus"]
    again = json.loads(sdk.Save("BD_Empinfo", {"Model": model}))["Result"]["ResponseStatus"]
    assert (first["IsSuccess"], again["IsSuccess"]) == (True, False)
    assert "已存在" in again["Errors"][0]["Message"]
    assert query(sdk, "BD_Empinfo", "FName,FDocumentStatus", "FNumber = 'NEW1'") == [["新人", "A"]]


def test_a_document_walks_from_made_to_approved_and_back(sdk: K3CloudApiSdk) -> None:
    model = {"FNumber": "NEW1", "FStaffNumber": "NEW1", "FName": "新人", "FJoinDate": "2026-07-01"}
    sdk.Save("BD_Empinfo", {"Model": model})
    for operation, status in ((sdk.Submit, "B"), (sdk.Audit, "C"), (sdk.UnAudit, "D")):
        said = json.loads(operation("BD_Empinfo", {"Numbers": ["NEW1"]}))
        assert said["Result"]["ResponseStatus"]["IsSuccess"] is True
        assert query(sdk, "BD_Empinfo", "FDocumentStatus", "FNumber = 'NEW1'") == [[status]]


@pytest.mark.parametrize("where", ["FNumber like '[z-a]%'", "FNumber ==", "1/0"])
def test_a_filter_that_cannot_be_read_is_refused(sdk: K3CloudApiSdk, where: str) -> None:
    assert query(sdk, "BD_Empinfo", "FID", where)[0][0]["Result"]["ResponseStatus"]["IsSuccess"] is False
