from datetime import UTC, datetime

import pytest

from connector.adapters.kingdee_cloud.sign import Credential, client_parts, headers

PATH = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc"
# A made-up credential whose headers were taken from the vendor's SDK 8.2.0 with its clock stopped.
CREDENTIAL = Credential(
    acct_id="5db25ac8d2b819",
    username="演示user",
    app_id="204399_72epSbtEQMC92Vwt2d3LRa9LRqSc1tqJ",
    app_secret="0123456789abcdef" * 2,
    lcid=2052,
    org_num="100",
)


def test_headers_equal_those_of_the_vendors_sdk() -> None:
    found = headers(CREDENTIAL, PATH, datetime.fromtimestamp(1_700_000_000, UTC))
    assert found == {
        "X-Api-ClientID": "204399",
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": "1700000000",
        "x-api-nonce": "1700000000",
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": "ZTJhY2RiZTYxNmFhZDMxN2MyZmU2ZTMxN2I0ZmFjZGE2ZGVlMTgyNTM4YzdkOTNlYzFlNzhmZGU1M2E4YTRmNg==",
        "X-Kd-Appkey": "204399_72epSbtEQMC92Vwt2d3LRa9LRqSc1tqJ",
        "X-Kd-Appdata": "NWRiMjVhYzhkMmI4MTks5ryU56S6dXNlciwyMDUyLDEwMA==",
        "X-Kd-Signature": "Nzg3ZmY3ODM5MDNhNmE4MGQxOGVhZjJkODI4NTMxYjA1ZTBkNDMyY2FiNjJiMDA4ODZlOTMzOGI0MWE2M2UwMA==",
    }


def test_the_client_secret_is_hidden_in_the_app_id() -> None:
    assert client_parts(CREDENTIAL.app_id) == ("204399", "31ecfd13effe724e7e78fc17f8f94b66")


@pytest.mark.parametrize(
    ("app_id", "parts"),
    [
        ("204399", ("", "")),
        ("a_b_c", ("", "")),
        ("204399_short", ("204399", "")),
        ("204399_" + "!" * 32, ("204399", "")),
    ],
)
def test_an_odd_app_id_yields_no_secret(app_id: str, parts: tuple[str, str]) -> None:
    assert client_parts(app_id) == parts


def test_a_credential_does_not_show_its_secret() -> None:
    assert "0123456789abcdef" not in repr(CREDENTIAL)
