from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import orjson
import polars as pl
import pytest

from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kingdee_cloud.control import Control, Report
from connector.adapters.kingdee_cloud.session import Session
from connector.errors import WireError

DAY = date(2026, 7, 31)
FORM = KingdeeForm.model_validate({
    "base_url": "https://erp.example.com/k3cloud/", "acct_id": "a", "username": "u", "app_id": "1_2",
    "app_secret": "s", "accounts": ["1221.01", "1221.03"], "account_book": "001",
})  # fmt: skip


@pytest.fixture
def report(connect: Callable[..., Session], kingdee: Any) -> Callable[..., pl.DataFrame]:
    """Control rows when the report answers these rows, one list per currency."""

    def read(*answers: list[list[Any]]) -> pl.DataFrame:
        codes = ("CNY", "USD")[: len(answers)]
        kingdee.forms["BD_Currency"] = [{"FID": at, "FCURRENCYID": at, "FCODE": c} for at, c in enumerate(codes, 1)]
        kingdee.odd["GetSysReportData"] = [says(rows) for rows in answers]
        pages = list(Control(Report(connect(), FORM)).pages(DAY))
        assert pages[-1].end is not None and pages[-1].end.how == "vendor_end"
        return pl.concat([page.rows for page in pages])

    return read


def says(rows: list[list[Any]]) -> Callable[[httpx.Request], httpx.Response]:
    body = orjson.dumps({"Result": {"IsSuccess": True, "RowCount": len(rows), "Rows": rows}})
    return lambda request: httpx.Response(200, content=body)


def test_debit_minus_credit_of_the_exact_accounts_is_the_control_total(
    report: Callable[..., pl.DataFrame],
) -> None:
    found = report([
        ["1221", "28,100.00", "1,000.50"], ["1221.01", "28,000.00", "1,000.50"], ["1221.02", "7", ""],
        ["1221.03", "", "100"], ["", "28,000.00", ""],
    ])  # fmt: skip
    assert found.rows() == [("1221.01/CNY", "1221.01", "CNY", "26999.50"), ("1221.03/CNY", "1221.03", "CNY", "-100")]


def test_every_currency_is_asked_for_by_itself(report: Callable[..., pl.DataFrame], kingdee: Any) -> None:
    found = report([["1221.01", "5", "0"]], [["1221.01", "7", "0"]])
    assert found["currency"].to_list() == ["CNY", "USD"] and found["amount"].to_list() == ["5", "7"]
    assert [body["data"]["Model"]["FCURRENCY"] for body in kingdee.asked("GetSysReportData")] == ["1", "2"]


def test_the_period_is_that_of_the_business_date(report: Callable[..., pl.DataFrame], kingdee: Any) -> None:
    report([])
    model = kingdee.asked("GetSysReportData")[0]["data"]["Model"]
    assert (model["FSTARTYEAR"], model["FENDPERIOD"], model["FBALANCELEVEL"]) == ("2026", "7", "2")
    assert model["FACCTBOOKID"] == {"FNumber": "001"} and model["FNOTPOSTVOUCHER"] is True


def test_books_without_a_balance_are_an_empty_control(report: Callable[..., pl.DataFrame]) -> None:
    assert report([]).height == 0


@pytest.mark.parametrize(
    "rows", [[["1221.01", "x", ""]], [["1221.01", "NaN", ""]], [["1221.01", "1", "0"], ["1221.01", "1", "0"]]]
)
def test_a_report_that_cannot_be_added_up_is_refused(
    report: Callable[..., pl.DataFrame], rows: list[list[str]]
) -> None:
    with pytest.raises(WireError):
        report(rows)


def test_without_a_currency_nothing_is_proved(connect: Callable[..., Session], kingdee: Any) -> None:
    kingdee.forms["BD_Currency"] = []
    with pytest.raises(WireError, match="no currency"):
        list(Control(Report(connect(), FORM)).pages(DAY))


def test_a_refusal_that_was_packed_once_more_is_a_refusal(connect: Callable[..., Session], kingdee: Any) -> None:
    kingdee.forms["BD_Currency"] = [{"FID": 1, "FCURRENCYID": 1, "FCODE": "CNY"}]
    packed = orjson.dumps({"IsSuccess": False, "MsgCode": 4, "Errors": [{"Message": "no"}]}).decode()
    kingdee.odd["GetSysReportData"] = [lambda request: httpx.Response(200, json={"Result": packed})]
    with pytest.raises(WireError, match="no"):
        list(Control(Report(connect(), FORM)).pages(DAY))


@pytest.mark.parametrize("accounts", [["1221", "1221.01"], ["1221.01", "1221.01"]])
def test_an_amount_is_not_counted_twice(accounts: list[str]) -> None:
    with pytest.raises(ValueError, match="once"):
        KingdeeForm.model_validate({**FORM.model_dump(), "app_secret": "s", "accounts": accounts})
