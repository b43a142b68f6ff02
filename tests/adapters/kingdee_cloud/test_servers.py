"""Servers as they are found in the field, and credentials that they do not take."""

from typing import Any
from urllib.error import HTTPError

import pytest

from connector.errors import AuthError, ConfigError, ConnectorError, WireError
from connector.model.plan import digest
from tests.adapters.kingdee_cloud.sites import AUTHS, CONTENT, LateClock, Site, by_currency, flag, pulled


@pytest.mark.parametrize("auth", AUTHS)
def test_a_session_lost_in_the_middle_of_a_pull_is_renewed(site: Site, auth: str) -> None:
    lost = {"op": "ExecuteBillQuery", "fault": "lose_session"}
    site.chaos({**lost, "after": 2}, {**lost, "after": 5})
    assert pulled(site.connect(auth=auth, page_rows=2), "open_item").height > 0


@pytest.mark.parametrize(
    ("wrong", "auth"),
    [
        ({"app_secret": "wrong"}, "signature"), ({"acct_id": "wrong"}, "signature"),
        ({"password": "wrong"}, "password"),
        ({"app_secret": "wrong"}, "login_by_sign"), ({"app_secret": "wrong"}, "login_by_app_secret"),
        ({"acct_id": "wrong"}, "login_by_sign"), ({"sign_hash": "sha1"}, "login_by_sign"),
    ],
)
def test_a_wrong_credential_locks_nobody_out(site: Site, wrong: dict[str, str], auth: str) -> None:
    adapter = site.connect(auth=auth, **wrong)
    for _ in range(8):
        with pytest.raises(AuthError):
            pulled(adapter, "person")
    assert adapter.check()[-1].stage == "login"
    assert site.connect(auth="password").check()[-1].passed  # five wrong logins would lock the user


@pytest.mark.parametrize("auth", AUTHS[:3])
def test_an_application_that_was_disabled_lets_nobody_in(site: Site, auth: str) -> None:
    site.standin.switches.is_app_enabled = False
    with pytest.raises(AuthError):
        pulled(site.connect(auth=auth), "person")
    assert site.connect(auth="password").check()[-1].passed


def test_a_clock_that_is_wrong_fails_the_signed_login_and_says_so(site: Site) -> None:
    adapter = site.connect(LateClock(), auth="login_by_sign")
    with pytest.raises(AuthError) as caught:
        pulled(adapter, "person")
    assert "clock" in caught.value.mend


def test_a_server_of_before_2022_takes_the_older_hash(site: Site) -> None:
    site.standin.switches.is_old = True
    assert site.connect(auth="login_by_sign", sign_hash="sha1").check()[-1].passed


SERVERS: dict[str, dict[str, Any]] = {
    "behind_the_gateway": {"has_gateway": True}, "private_and_lenient": {"checks_client": False},
    "newer_limit": {"page_rows": 10_000}, "narrow_limit": {"page_rows": 2}, "digits": {"has_flags_as_digits": True},
}


@pytest.mark.parametrize("server", SERVERS)
def test_every_kind_of_server_is_read_and_written(site: Site, server: str) -> None:
    every = pulled(site.connect(), "open_item")["ref"].to_list()
    for name, value in SERVERS[server].items():
        setattr(site.standin.switches, name, value)
    adapter, ref = site.connect(), site.world.rows("employees")[0]["number"]
    assert pulled(adapter, "open_item")["ref"].to_list() == every
    assert adapter.push(flag("put", ref), "欠款").outcome == "landed"
    assert adapter.observe("risk_flag", None).select("ref", "digest").rows() == [(ref, digest(CONTENT))]


def test_a_clock_that_is_wrong_is_refused_by_the_gateway_and_named(site: Site) -> None:
    site.standin.switches.has_gateway = True
    with pytest.raises(AuthError) as caught:
        pulled(site.connect(LateClock()), "person")
    assert "clock" in caught.value.mend


def test_a_secret_that_only_the_gateway_needs_is_not_asked_for_by_a_private_server(site: Site) -> None:
    own, other = site.said["kingdee"]["app_id"], "1" * 32
    wrong = {"app_id": own.replace(own.partition("_")[2], other)}
    site.standin.switches.checks_client = False
    with pytest.raises(AuthError):
        pulled(site.connect(**wrong), "person")  # X-Kd-Signature holds the whole app id


@pytest.mark.parametrize("shape", ["nested", "padded", "listed", "bare"])
def test_a_refusal_is_no_row_in_whatever_shape_it_comes(site: Site, shape: Any) -> None:
    site.standin.switches.refusals = shape
    with pytest.raises(ConfigError, match="F_NOBODY"):
        pulled(site.connect(payout_filter="F_NOBODY='1'"), "payout")
    site.chaos({"op": "ExecuteBillQuery", "fault": "error_200", "args": {"msg_code": 4, "message": "坏"}})
    with pytest.raises(WireError):
        pulled(site.connect(), "person")


@pytest.mark.parametrize(
    "body",
    [
        "response_error:{'Message':'Object reference not set'}", '{"Result":{"ResponseStatus":{"IsSuccess":"false"}}}',
        '[{"actionname":"showConfirm","params":[{"title":"","msg":"请求参数存在可疑数据"}]}]', "ctx == null",
    ],
)
def test_words_instead_of_rows_end_the_pull(site: Site, body: str) -> None:
    site.chaos({"op": "ExecuteBillQuery", "fault": "error_200", "times": None, "args": {"body": body}})
    with pytest.raises(ConnectorError):
        pulled(site.connect(), "person")


def test_rows_that_a_permission_hides_are_simply_not_there(site: Site) -> None:
    adapter = site.connect()
    items = pulled(adapter, "open_item")
    hidden = items["employee"][0]
    site.tell("/_switches", {"kingdee": {"hides": [hidden]}})
    assert set(pulled(adapter, "open_item")["employee"]) == set(items["employee"]) - {hidden}
    assert hidden not in pulled(adapter, "person")["number"].to_list()
    assert by_currency(pulled(adapter, "control"), "amount") == by_currency(items, "balance")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kingdee": {"gateway": True}}, {"kingdee": {"has_gateway": 1}}, {"kingdee": {"refusals": "loud"}}, {"hr": {}},
        [],
    ],
)
def test_a_switch_that_nobody_knows_is_refused_and_changes_nothing(site: Site, wrong: Any) -> None:
    before = site.standin.switches.describe()
    with pytest.raises(HTTPError, match="400"):
        site.tell("/_switches", wrong)
    assert site.standin.switches.describe() == before
