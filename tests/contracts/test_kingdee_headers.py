"""The vendor's own SDK, its clock stopped, against our signing."""

import time
from datetime import UTC, datetime

import pytest
from k3cloud_webapi_sdk.main import K3CloudApiSdk

from connector.adapters.kingdee_cloud.sign import Credential, headers

SERVICES = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService"


@pytest.mark.parametrize("base_url", ["https://erp.example.com/k3cloud/", "http://127.0.0.1:8080/K3Cloud/"])
@pytest.mark.parametrize("service", ["ExecuteBillQuery", "Save", "QueryBusinessInfo"])
@pytest.mark.parametrize(
    "app_id", ["204399_72epSbtEQMC92Vwt2d3LRa9LRqSc1tqJ", "1_abcdefghijklmnopqrstuvwxyz012345", "1_short"]
)
def test_our_headers_equal_the_sdks(base_url: str, service: str, app_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_767_225_599.9)
    sdk = K3CloudApiSdk(base_url)
    sdk.InitConfig("acct演示", "用户 one", app_id, "s3cret/+=", base_url, 1033, 100)
    url = f"{base_url}{SERVICES}.{service}.common.kdsvc"
    theirs = sdk.BuildHeader(url)
    ours = headers(
        Credential("acct演示", "用户 one", app_id, "s3cret/+=", 1033, "100"),
        "/" + url.split("/", 3)[3],
        datetime.fromtimestamp(1_767_225_599.9, UTC),
    )
    assert {name: str(theirs[name]) for name in ours} == ours
