from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import orjson
import polars as pl
import pytest

from connector.adapters import registry
from connector.adapters.kingdee_cloud import control
from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kingdee_cloud.control import Report
from connector.adapters.kingdee_cloud.ledger import Ledger, OpenItemTotal
from connector.adapters.kingdee_cloud.reading import Reader
from connector.adapters.kingdee_cloud.session import Session
from connector.errors import WireError
from connector.mappings.table import load_mapping
from tests.adapters.kingdee_cloud.conftest import options

DAY = date(2026, 7, 31)
MAPPINGS = load_mapping(registry.mapping_text("kingdee_cloud"), "mapping")
# FBALANCEID, FENDDEBIT, FENDCREDIT, FDETAILNUMBER: an account, below it its employees; the total at the end.
ROWS: list[list[Any]] = [
    ["1002", "9.00", "0", ""], ["1221", "1,300.50", "0", ""], ["1221.01", "1,300.50", "0", ""],
    ["", "1,301.00", "0", "E1"], ["", "0", "0.50", " E2 "], ["6602", "0", "0", ""], [" ", "1,309.50", "0", ""],
]

Read = Callable[..., pl.DataFrame]


@pytest.fixture
def read(connect: Callable[..., Session], kingdee: Any) -> Read:
    """Balances when the report has these rows, as the server pages them."""

    def rows_of(rows: list[list[Any]], only: tuple[str, ...] | None = None) -> pl.DataFrame:
        def report(request: httpx.Request) -> httpx.Response:
            asked = orjson.loads(request.content)["data"]
            page = rows[asked["StartRow"] :][: asked["Limit"]]
            return httpx.Response(200, content=orjson.dumps({"Result": {"RowCount": len(rows), "Rows": page}}))

        kingdee.forms["BD_Currency"] = [{"FID": 1, "FCURRENCYID": 1, "FCODE": "CNY"}]
        kingdee.odd["GetSysReportData"] = [report] * 20
        pages = list(Ledger(Report(connect(), KingdeeForm.model_validate(options()))).pages(DAY, only))
        assert pages[-1].end is not None
        return pl.concat([page.rows for page in pages])

    return rows_of


def test_every_employee_of_the_configured_account_has_his_exact_balance(read: Read) -> None:
    assert read(ROWS).rows() == [
        ("1221.01/E1/CNY", "1221.01", "E1", "CNY", "1301"), ("1221.01/E2/CNY", "1221.01", "E2", "CNY", "-0.5"),
    ]


def test_a_look_gives_the_employees_asked_for(read: Read) -> None:
    assert read(ROWS, ("E2", "E9"))["employee"].to_list() == ["E2"]


def test_a_long_report_is_read_page_by_page(read: Read, kingdee: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_ROWS", 2)
    assert read(ROWS).height == 2
    assert [body["data"]["StartRow"] for body in kingdee.asked("GetSysReportData")] == [0, 2, 4, 6]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({3: ["", "1,300.00", "0", "E1"]}, "1300.5.* CNY, its employees 1299.5"),  # somebody's debt is under nobody
        ({3: ["", "1,301.0x", "0", "E1"]}, "not readable"), ({3: ["", None, "0", "E1"]}, "not readable"),
        ({5: ["1221.01", "0", "0", "E1"]}, "twice"),
    ],
)
def test_a_report_that_does_not_add_up_is_not_believed(read: Read, change: dict[int, Any], said: str) -> None:
    with pytest.raises(WireError, match=said):
        read([change.get(at, row) for at, row in enumerate(ROWS)])


@pytest.fixture
def total(connect: Callable[..., Session], kingdee: Any) -> Callable[..., dict[str, str]]:
    def of(*amounts: tuple[str, Any]) -> dict[str, str]:
        common = {"FDOCUMENTSTATUS": "C", "FCONTACTUNITTYPE": "BD_Empinfo"}
        kingdee.forms["AR_OtherRecAble"] = [
            common | {"FID": at, "FCURRENCYID.FCODE": code, "FNOTWRITTENOFFAMOUNTFOR_H": amount}
            for at, (code, amount) in enumerate(amounts, 1)
        ]
        pages = list(OpenItemTotal(Reader(connect(), MAPPINGS, 2), MAPPINGS["open_item"]).pages())
        return dict(pl.concat([page.rows for page in pages]).select("currency", "amount").iter_rows())

    return of


def test_open_items_are_added_up_by_currency(total: Callable[..., dict[str, str]]) -> None:
    assert total(("CNY", 0.1), ("CNY", 0.2), ("USD", "5"), ("CNY", -1), ("CNY", None)) == {"CNY": "-0.7", "USD": "5"}
    assert total() == {}


def test_an_open_item_that_cannot_be_read_gives_no_total(total: Callable[..., dict[str, str]]) -> None:
    with pytest.raises(WireError, match="not readable"):
        total(("CNY", 1), ("CNY", "1OO"))
