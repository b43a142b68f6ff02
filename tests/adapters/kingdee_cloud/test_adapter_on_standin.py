"""The adapter against the product's stand-in on a real port; the two were written apart from one protocol paper."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from connector.adapters import registry
from connector.adapters.contract import Setting, Since
from connector.adapters.kingdee_cloud import wire
from connector.adapters.kingdee_cloud.adapter import KingdeeCloud
from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.adapters.kit.clock import SystemClock
from connector.errors import AuthError, ConfigError, ConnectorError, RetryableError, UsageError, WireError
from connector.mappings.table import Context, load_mapping, map_rows
from connector.model.plan import Action, digest
from connector.sandbox.company import write_sample_company
from connector.sandbox.server import start_sandbox
from connector.sandbox.world import load_world

DAY = date(2026, 7, 31)
ZONE = ZoneInfo("Asia/Shanghai")
CONTENT = {"codes": ["exit.open_loan", "loan.overdue"], "level": "critical"}


AUTHS = ("signature", "login_by_sign", "login_by_app_secret", "password")


class NoWaiting(SystemClock):
    def sleep(self, seconds: float) -> None:
        return


class LateClock(NoWaiting):
    """An hour behind."""

    def now(self) -> datetime:
        return super().now() - timedelta(hours=1)


@dataclass
class Site:
    """A sandbox's addresses, and what a test does to it."""

    said: dict[str, Any]
    standin: KingdeeStandIn
    world: Any
    made: list[KingdeeCloud]

    def connect(self, clock: SystemClock | None = None, **changes: Any) -> KingdeeCloud:
        options = {**self.said["kingdee"], "network": "sandbox", "page_rows": 7, "timeout_s": 5, **changes}
        setting = Setting("kingdee", "CNY", ZONE, clock or NoWaiting())
        adapter = registry.build("kingdee_cloud", options, setting)
        assert isinstance(adapter, KingdeeCloud)
        self.made.append(adapter)
        return adapter

    def chaos(self, *rules: dict[str, Any]) -> None:
        self.tell("/_chaos", [{"system": "kingdee", **rule} for rule in rules])

    def tell(self, path: str, body: object) -> None:
        sent = urllib.request.Request(self.said["control_url"] + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(sent, timeout=5) as answer:
            assert answer.status == 200


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    write_sample_company(tmp_path / "company", DAY)
    world = load_world(tmp_path / "company")
    standin = KingdeeStandIn(world)
    with start_sandbox(world, {"kingdee": standin}) as sandbox:
        found = Site(sandbox.describe(), standin, world, [])
        yield found
        for adapter in found.made:
            adapter.close()


def pulled(adapter: KingdeeCloud, stream: str, only: tuple[str, ...] | None = None) -> pl.DataFrame:
    pages = list(adapter.pull(stream, Since(DAY, only=only)))
    assert pages[-1].end is not None
    mapping = load_mapping(registry.mapping_text("kingdee_cloud"), "mapping")[stream]
    context = Context("kingdee", datetime(2026, 7, 31, 4, tzinfo=UTC), "CNY", ZONE)
    rows, bad = map_rows(mapping, pl.concat([page.rows for page in pages]), context)
    assert bad == []
    return rows


def by_currency(rows: pl.DataFrame, amount: str) -> dict[str, int]:
    sums = rows.group_by("currency").agg(pl.col(amount).sum())
    return {currency: total for currency, total in sums.rows() if total}


def flag(verb: Any, ref: str) -> Action:
    return Action(verb, "kingdee", "risk_flag", ref, ref, None, None if verb == "remove" else CONTENT)


@pytest.mark.parametrize("auth", AUTHS)
def test_all_stages_of_the_check_pass(site: Site, auth: str) -> None:
    found = site.connect(auth=auth).check()
    assert [(one.stage, one.passed) for one in found] == [
        (stage, True) for stage in ("reach", "login", "permission", "fields", "clock")
    ]


@pytest.mark.parametrize("route", ["open_items", "bills", "ledger"])
def test_every_stream_of_a_route_is_read_to_its_end_and_its_check_passes(site: Site, route: str) -> None:
    adapter = site.connect(route=route)
    assert adapter.check()[-1].passed and len(adapter.check()) == 5
    for stream in adapter.manifest.streams:
        assert pulled(adapter, stream).height > 0
    assert ("open_item" in adapter.manifest.streams) == (route == "open_items")


def test_payments_that_are_no_loans_are_filtered_out(site: Site) -> None:
    one = pulled(site.connect(), "payout")["number"][0]
    found = pulled(site.connect(payout_filter=f"FBillNo='{one}'"), "payout")
    assert found["number"].to_list() == [one]


def test_every_stream_is_read_to_its_proved_end(site: Site) -> None:
    adapter = site.connect()
    paid_out = {row["number"] for row in site.world.rows("loans") if row["lent_on"]}
    items = pulled(adapter, "open_item")
    assert set(items["number"]) == paid_out
    assert pulled(adapter, "person").height >= len(site.world.rows("employees"))
    assert pulled(adapter, "payout").height == len(paid_out)
    assert pulled(adapter, "request").height == len({row["approval"] for row in site.world.rows("loans")})
    assert pulled(adapter, "repayment").height > 0


def test_the_books_agree_to_the_cent(site: Site) -> None:
    adapter = site.connect()
    items, repaid = pulled(adapter, "open_item"), pulled(adapter, "repayment")
    control = by_currency(pulled(adapter, "control"), "amount")
    assert control == by_currency(items, "balance") != {}
    lent, back = by_currency(items, "principal"), by_currency(repaid, "amount")
    assert control == {code: lent[code] - back.get(code, 0) for code in lent}


def test_a_loan_and_its_repayments_name_each_other(site: Site) -> None:
    adapter = site.connect()
    items, repaid = pulled(adapter, "open_item"), pulled(adapter, "repayment")
    back = repaid.group_by("loan").agg(pl.col("amount").sum())
    joined = items.join(back, left_on="number", right_on="loan", how="left").fill_null(0)
    assert (joined["principal"] - joined["amount"]).to_list() == joined["balance"].to_list()


def test_one_employees_ledger_can_be_read_by_itself(site: Site) -> None:
    adapter = site.connect()
    every = pulled(adapter, "open_item")
    employee = every["employee"][0]
    found = pulled(adapter, "open_item", (employee,))
    assert found.height and found["ref"].to_list() == every.filter(employee=employee)["ref"].to_list()


def test_a_flag_is_put_read_back_replaced_and_removed(site: Site) -> None:
    adapter, other = site.connect(), site.connect(auth="password")
    ref = site.world.rows("employees")[0]["number"]
    assert adapter.observe("risk_flag", None).height == 0
    assert adapter.push(flag("put", ref), "欠款 28,000.00 元").outcome == "landed"
    seen = other.observe("risk_flag", None).row(0, named=True)
    assert (seen["ref"], seen["digest"]) == (ref, digest(CONTENT))
    assert adapter.push(flag("replace", ref), "欠款 1.00 元").outcome == "landed"
    assert other.observe("risk_flag", [ref]).height == 1
    assert adapter.push(flag("remove", ref), "").outcome == "landed"
    assert other.observe("risk_flag", None).height == 0
    assert other.observe("risk_flag", [ref]).height == 0


def test_a_flag_of_nobody_is_refused(site: Site) -> None:
    assert site.connect().push(flag("put", "nobody"), "").outcome == "refused"


@pytest.mark.parametrize("cap", [1, 3])
def test_a_server_that_caps_its_pages_hides_nothing(site: Site, cap: int) -> None:
    every = pulled(site.connect(), "open_item")
    rule = {"op": "ExecuteBillQuery", "fault": "cap_page", "times": None, "args": {"limit": cap}}
    site.chaos(rule)
    assert pulled(site.connect(), "open_item")["ref"].to_list() == every["ref"].to_list()


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize(
    ("fault", "args", "error"),
    [
        ("error_200", {"msg_code": 4, "message": "x"}, WireError),
        ("error_200", {"msg_code": 2, "message": "x"}, ConfigError),
        ("truncate", {"at_byte": 9, "clean": True}, WireError),
        ("login_page", {}, WireError),
        ("duplicate_page", {}, WireError),
    ],
)
def test_an_answer_that_cannot_be_trusted_ends_the_pull_without_a_proof(
    site: Site, fault: str, args: dict[str, Any], error: type[Exception], after: int
) -> None:
    if fault == "duplicate_page" and after == 0:
        after = 9  # the first answer has none before it that could come again
        pulled(site.connect(page_rows=2), "open_item")
    site.chaos({"op": "ExecuteBillQuery", "fault": fault, "after": after, "args": args})
    with pytest.raises(error):
        pulled(site.connect(page_rows=2), "open_item")


@pytest.mark.parametrize("fault", ["timeout_before", "status"])
def test_a_passing_weakness_of_the_server_is_got_over(site: Site, fault: str) -> None:
    args = {"seconds": 0.01} if fault == "timeout_before" else {"status": 503}
    site.chaos({"op": "ExecuteBillQuery", "fault": fault, "after": 2, "times": 2, "args": args})
    assert pulled(site.connect(), "open_item").height > 0


def test_a_server_that_stays_away_ends_the_pull(site: Site) -> None:
    site.chaos({"op": "ExecuteBillQuery", "fault": "status", "times": None, "args": {"status": 503}})
    with pytest.raises(RetryableError):
        pulled(site.connect(), "open_item")


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


@pytest.mark.parametrize("fault", ["timeout_after", "truncate", "late_land"])
def test_a_save_without_a_readable_answer_is_unknown_and_sent_once(site: Site, fault: str) -> None:
    adapter, ref = site.connect(), site.world.rows("employees")[0]["number"]
    args = {"timeout_after": {"seconds": 0.01}, "truncate": {"at_byte": 5}, "late_land": {"seconds": 0.01}}
    site.chaos({"op": "Save", "fault": fault, "args": args[fault]})
    assert adapter.push(flag("put", ref), "").outcome == "unknown"


def test_an_edit_lock_is_waited_for(site: Site) -> None:
    adapter, ref = site.connect(), site.world.rows("employees")[0]["number"]
    lock = {"msg_code": 13, "message": "业务操作-“员工-修改”冲突，请稍候再使用。"}
    site.chaos({"op": "Save", "fault": "error_200", "times": 2, "args": lock})
    assert adapter.push(flag("put", ref), "").outcome == "landed"


def test_a_missing_field_is_named_by_the_check(site: Site) -> None:
    found = site.connect(flags={"flag": "F_ABCD_RiskFlag"}).check()[-1]
    assert (found.stage, found.found) == ("fields", "BD_Empinfo: F_ABCD_RiskFlag (check box)")


def test_a_dropped_row_at_the_end_is_noticed(site: Site) -> None:
    def refs(adapter: KingdeeCloud) -> list[str]:
        return pulled(adapter, "open_item")["ref"].to_list()

    every = refs(site.connect())
    site.chaos({"op": "ExecuteBillQuery", "fault": "drop_row", "after": 1, "args": {"row": -1}})
    assert refs(site.connect()) == every  # the last row of a page comes again with the next one
    site.chaos({"op": "ExecuteBillQuery", "fault": "drop_row", "after": 0, "args": {"row": -1}})
    with pytest.raises(WireError):
        refs(site.connect())


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


OWN = {"form": "PAEZ_LoanRisk", "employee": "F_PAEZ_Employee"}
ENRICHMENT = {
    "status": "F_PAEZ_HrStatus", "hired_on": "F_PAEZ_HiredOn", "last_day": "F_PAEZ_LastDay",
    "department": "F_PAEZ_HrDepartment", "position": "F_PAEZ_HrPosition", "open_loans": "F_PAEZ_OpenLoans",
    "oldest_open_on": "F_PAEZ_OldestLoan",
}


def records(site: Site, form: str) -> list[str]:
    """Numbers of the records of a form, as a client of its own sees them."""
    query = wire.Query(form, ("FBillNo",))
    return site.connect()._session.rows(query)["FBillNo"].to_list()


def test_flags_may_stand_in_a_form_of_their_own(site: Site) -> None:
    adapter, ref = site.connect(flags=OWN), site.world.rows("employees")[0]["number"]
    assert adapter.check()[-1].passed
    for verb in ("put", "replace"):
        assert adapter.push(flag(verb, ref), "欠款").outcome == "landed"
    assert adapter.observe("risk_flag", None).select("ref", "digest").rows() == [(ref, digest(CONTENT))]
    assert adapter.push(flag("remove", ref), "").outcome == "landed"
    assert adapter.observe("risk_flag", None).height == 0
    assert records(site, OWN["form"]) == [ref]
    assert site.connect().observe("risk_flag", None).height == 0  # nothing was written on the employee


@pytest.mark.parametrize("fault", ["timeout_after", "truncate", "timeout_before", "late_land"])
def test_a_record_whose_answer_was_lost_is_not_made_twice(site: Site, fault: str) -> None:
    adapter, ref = site.connect(flags=OWN), site.world.rows("employees")[0]["number"]
    args = {"truncate": {"at_byte": 5}, "late_land": {"seconds": 5}}.get(fault, {"seconds": 0.01})
    site.chaos({"op": "Save", "fault": fault, "args": args})
    assert adapter.push(flag("put", ref), "欠款").outcome == "unknown"
    assert adapter.push(flag("put", ref), "欠款").outcome == "landed"
    site.tell("/_clock", {"advance_s": 6})  # what was late has landed by now
    assert records(site, OWN["form"]) == [ref]
    assert adapter.observe("risk_flag", [ref])["digest"].to_list() == [digest(CONTENT)]


def test_making_a_record_is_said_to_be_no_repeat_safe_write(site: Site) -> None:
    sinks = [site.connect(**changes).manifest.sink("risk_flag") for changes in ({}, {"flags": OWN})]
    assert [sink.write for sink in sinks if sink] == ["upsert", "append"]


def test_a_field_that_a_form_of_flags_lacks_is_named_by_the_check(site: Site) -> None:
    found = site.connect(flags=OWN | {"codes": "F_ABCD_Codes", "number": "FNumber"}).check()[-1]
    assert (found.stage, found.found) == ("fields", "PAEZ_LoanRisk: FNumber; PAEZ_LoanRisk: F_ABCD_Codes (text)")
    assert site.connect(flags=OWN | {"form": "PAEZ_Nothing"}).check()[-1].stage == "permission"


def test_what_hr_knows_stands_on_finances_record_of_the_employee(site: Site) -> None:
    adapter, ref = site.connect(enrichment=ENRICHMENT), site.world.rows("employees")[0]["number"]
    content = {"status": "leaving", "hired_on": "2020-01-05", "last_day": None, "department": "销售部",
               "position": "经理", "open_loans": 0, "oldest_open_on": None}
    sink = adapter.manifest.sink("enrichment")
    assert adapter.check()[-1].passed and sink is not None and set(sink.keys) == set(content)
    put = Action("put", "kingdee", "enrichment", ref, ref, None, content)
    assert adapter.push(put, "").outcome == "landed"
    assert adapter.observe("enrichment", None).select("ref", "digest").rows() == [(ref, digest(content))]
    assert adapter.observe("risk_flag", None).height == 0
    assert adapter.push(replace(put, verb="remove", after=None), "").outcome == "landed"
    assert adapter.observe("enrichment", [ref]).height == 0


def test_without_fields_of_its_own_there_is_no_enrichment(site: Site) -> None:
    adapter = site.connect()
    assert adapter.manifest.sink("enrichment") is None
    with pytest.raises(UsageError):
        adapter.observe("enrichment", None)


def test_a_missing_field_of_the_enrichment_is_named_by_the_check(site: Site) -> None:
    found = site.connect(enrichment={"last_day": "F_ABCD_Last", "status": "F_PAEZ_HrStatus"}).check()[-1]
    assert (found.stage, found.found) == ("fields", "BD_Empinfo: F_ABCD_Last (date)")
