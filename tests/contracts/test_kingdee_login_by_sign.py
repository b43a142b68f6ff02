"""LoginBySign: the published way of signing, by a worked vector, against the stand-in and the adapter."""

from __future__ import annotations

import pytest

from connector.adapters.kingdee_cloud.sandbox.calls import Call
from connector.adapters.kingdee_cloud.sandbox.sessions import Credentials, Sessions
from connector.adapters.kingdee_cloud.sandbox.switches import Switches
from connector.adapters.kingdee_cloud.sign import Credential, login_sign

OWN = Credentials(
    "5db25ac8d2b819", "演示user", "not asked for", "204399_72epSbtEQMC92Vwt2d3LRa9LRqSc1tqJ",
    "0123456789abcdef0123456789abcdef",
)
STAMP = 1_700_000_000
SIGN = "186dc4c2fad06d96520c4b06e998d67957b00ac28e5a848528d1b58e1f8395cd"


OLD_SIGN = "d402e4961ede46b9e37ae42b84587ad739449476"  # SHA-1, for servers before 8.0.0.202205


def login(sign: str, off_s: float = 0, **switches: bool) -> tuple[int, bool]:
    """LoginResultType, and whether a session came of it; the server's clock is `off_s` ahead of the stamp."""
    fields = {
        "acctid": OWN.acct_id, "username": OWN.username, "appid": OWN.app_id, "timestamp": STAMP, "sign": sign,
        "lcid": 2052,
    }
    sessions = Sessions(OWN, False, epoch=lambda: STAMP + off_s, switches=Switches(**switches))
    said, session = sessions.login(Call("loginbysign", fields=fields))
    return said["LoginResultType"], bool(session)


@pytest.mark.parametrize(("sign", "result"), [(SIGN, 1), (SIGN.upper(), 0), (SIGN[:-1] + "0", 0), ("", 0)])
def test_the_worked_vector_logs_in_and_nothing_else_does(sign: str, result: int) -> None:
    assert login(sign) == (result, result == 1)


@pytest.mark.parametrize(("off_s", "result"), [(300, 1), (-300, 1), (301, 0), (-301, 0)])
def test_a_sign_is_good_for_five_minutes(off_s: float, result: int) -> None:
    assert login(SIGN, off_s)[0] == result


def test_an_old_server_knows_the_older_hash_only() -> None:
    assert login(OLD_SIGN, is_old=True) == (1, True)
    assert login(SIGN, is_old=True) == login(OLD_SIGN) == (0, False)


def test_the_adapter_signs_as_the_vector_says() -> None:
    own = Credential(OWN.acct_id, OWN.username, OWN.app_id, OWN.app_secret)
    assert (login_sign(own, STAMP), login_sign(own, STAMP, "sha1")) == (SIGN, OLD_SIGN)
