"""The adapter against the product's stand-in on a real port; the two were written apart from one protocol paper."""

from typing import Any

import polars as pl
import pytest

from connector.adapters.kingdee_cloud.adapter import KingdeeCloud
from connector.errors import ConfigError, RetryableError, WireError
from tests.adapters.kingdee_cloud.sites import AUTHS, Site, by_currency, pulled


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


def test_a_dropped_row_at_the_end_is_noticed(site: Site) -> None:
    def refs(adapter: KingdeeCloud) -> list[str]:
        return pulled(adapter, "open_item")["ref"].to_list()

    every = refs(site.connect())
    site.chaos({"op": "ExecuteBillQuery", "fault": "drop_row", "after": 1, "args": {"row": -1}})
    assert refs(site.connect()) == every  # the last row of a page comes again with the next one
    site.chaos({"op": "ExecuteBillQuery", "fault": "drop_row", "after": 0, "args": {"row": -1}})
    with pytest.raises(WireError):
        refs(site.connect())
