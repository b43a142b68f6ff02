"""LoginBySign: the published way of signing, by a worked vector, against the stand-in."""

from __future__ import annotations

import pytest

from connector.adapters.kingdee_cloud.sandbox.calls import Call
from connector.adapters.kingdee_cloud.sandbox.sessions import Credentials, Sessions

OWN = Credentials(
    "5db25ac8d2b819", "演示user", "not asked for", "204399_72epSbtEQMC92Vwt2d3LRa9LRqSc1tqJ",
    "0123456789abcdef0123456789abcdef",
)
SIGN = "186dc4c2fad06d96520c4b06e998d67957b00ac28e5a848528d1b58e1f8395cd"


@pytest.mark.parametrize(("sign", "result"), [(SIGN, 1), (SIGN.upper(), 0), (SIGN[:-1] + "0", 0), ("", 0)])
def test_the_worked_vector_logs_in_and_nothing_else_does(sign: str, result: int) -> None:
    fields = {
        "acctid": OWN.acct_id, "username": OWN.username, "appid": OWN.app_id, "timestamp": 1700000000, "sign": sign,
        "lcid": 2052,
    }
    said, session = Sessions(OWN, False).login(Call("loginbysign", fields=fields))
    assert said["LoginResultType"] == result and bool(session) == (result == 1)
