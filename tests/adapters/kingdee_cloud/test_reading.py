from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

import connector.adapters.kingdee_cloud as product
from connector.adapters.kingdee_cloud.reading import FORMS, Reader, fields_of, form_field
from connector.adapters.kingdee_cloud.session import Session
from connector.errors import ConfigError, WireError
from connector.mappings.table import load_mapping

MAPPINGS = load_mapping((Path(product.__file__).parent / "mapping.yaml").read_text("utf-8"), "mapping")
Connect = Callable[..., Session]


def read(session: Session, stream: str, only: tuple[str, ...] | None = None, page_rows: int = 3) -> pl.DataFrame:
    pages = list(Reader(session, MAPPINGS, page_rows).pages(stream, only))
    assert pages[-1].end is not None and pages[-1].rows.height == 0
    assert all(page.end is None for page in pages[:-1])
    return pl.concat([page.rows for page in pages])


def people(*numbers: int) -> list[dict[str, Any]]:
    return [{"FID": n, "FNumber": f"E{n}", "FName": f"Name {n}"} for n in numbers]


def bill(fid: int, **fields: Any) -> dict[str, Any]:
    fixed = {"FDOCUMENTSTATUS": "C", "FCONTACTUNITTYPE": "BD_Empinfo", "FBorrowAmount": 1.5}
    return {"FID": fid, "FBillNo": f"B{fid}", "FCONTACTUNIT.FNumber": f"E{fid % 3}", **fixed, **fields}


@pytest.mark.parametrize("cap", [1, 2, 10_000])
def test_a_stream_is_read_to_its_end_whatever_the_servers_cap(connect: Connect, kingdee: Any, cap: int) -> None:
    kingdee.forms["BD_Empinfo"], kingdee.cap = people(3, 1, 9, 4, 12, 40, 41), cap
    assert read(connect(), "person")["FID"].to_list() == ["1", "3", "4", "9", "12", "40", "41"]


def test_an_empty_form_is_looked_at_without_a_bound(connect: Connect, kingdee: Any) -> None:
    assert read(connect(), "person").height == 0
    assert kingdee.asked("ExecuteBillQuery")[-1]["data"]["FilterString"] == "FID > 0"


def test_a_mark_that_came_back_empty_by_mistake_is_noticed(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["BD_Empinfo"] = people(1, 2)
    kingdee.odd["ExecuteBillQuery"] = [lambda request: httpx.Response(200, content=b"[]")]
    with pytest.raises(WireError, match="mark"):
        read(connect(), "person")


def test_an_end_before_the_mark_proves_nothing(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["BD_Empinfo"] = people(1, 2)
    mark, empty = httpx.Response(200, content=b"[[2]]"), httpx.Response(200, content=b"[]")
    kingdee.odd["ExecuteBillQuery"] = [lambda request: mark, lambda request: empty]
    with pytest.raises(WireError, match="expected the mark 2"):
        read(connect(), "person")


def test_a_record_made_during_the_pull_is_left_for_the_next(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["BD_Empinfo"] = people(1, 2, 3, 4)
    pages = Reader(connect(), MAPPINGS, 3).pages("person", None)
    seen = next(pages).rows["FID"].to_list()
    kingdee.forms["BD_Empinfo"] += people(5)
    assert seen + [fid for page in pages for fid in page.rows["FID"]] == ["1", "2", "3", "4"]


def test_a_page_sent_again_is_an_error(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["BD_Empinfo"] = people(1, 2, 3, 4)
    again = httpx.Response(200, content=b'[[1,"E1","a"],[2,"E2","b"],[3,"E3","c"]]')
    pages = Reader(connect(), MAPPINGS, 3).pages("person", None)
    next(pages)
    kingdee.odd["ExecuteBillQuery"] = [lambda request: again]
    with pytest.raises(WireError, match="seen before"):
        list(pages)


def test_only_approved_bills_of_employees_are_open_items(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["AR_OtherRecAble"] = [
        bill(1), bill(2, FDOCUMENTSTATUS="B"), bill(3, FCONTACTUNITTYPE="BD_Customer"), bill(4),
    ]  # fmt: skip
    rows = read(connect(), "open_item")
    assert rows["FID"].to_list() == ["1", "4"]
    assert set(rows.columns) == set(MAPPINGS["open_item"].sources)


def test_a_pull_can_be_limited_to_some_employees(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["AR_OtherRecAble"] = [bill(n) for n in range(1, 8)]
    assert read(connect(), "open_item", only=("E1",))["FID"].to_list() == ["1", "4", "7"]


def test_many_employees_are_asked_for_in_parts(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["BD_Empinfo"] = people(*range(1, 251))
    found = read(connect(), "person", only=tuple(f"E{n}" for n in range(1, 251)), page_rows=500)
    assert found.height == 250
    assert max(len(body["data"]["FilterString"]) for body in kingdee.asked("ExecuteBillQuery")) < 2000


def test_no_employee_asked_for_means_no_row_and_no_call(connect: Connect, kingdee: Any) -> None:
    assert read(connect(), "person", only=()).height == 0
    assert kingdee.requests == []


def test_repayments_come_from_two_forms_and_tell_them_apart(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["ER_ExpReimbursement"] = [
        bill(1, FDate="2026-05-01", **{"FCurrencyID.FCODE": "CNY"}), bill(2, FBorrowAmount=0),
    ]  # fmt: skip
    kingdee.forms["AP_REFUNDBILL"] = [
        bill(1, FDATE="2026-06-01", FREALREFUNDAMOUNTFOR_D=10),
        bill(1, FDATE="2026-06-01", FREALREFUNDAMOUNTFOR_D=10),
    ]  # fmt: skip
    rows = read(connect(), "repayment")
    assert rows["#ref"].to_list() == ["ER_ExpReimbursement/1", "AP_REFUNDBILL/1", "AP_REFUNDBILL/1#2"]
    assert rows["#form"].to_list() == ["ER_ExpReimbursement", "AP_REFUNDBILL", "AP_REFUNDBILL"]
    dates = rows["ER_ExpReimbursement:FDate|AP_REFUNDBILL:FDATE"].to_list()
    assert dates == ["2026-05-01", "2026-06-01", "2026-06-01"]
    amounts = [name for name in rows.columns if "FBorrowAmount" in name]
    assert rows[amounts[0]].to_list() == ["1.5", "10", "10"]


@pytest.mark.parametrize("cap", [2, 3, 4])
def test_entries_of_a_refund_stay_together_across_pages(connect: Connect, kingdee: Any, cap: int) -> None:
    kingdee.cap = cap
    kingdee.forms["AP_REFUNDBILL"] = [bill(n) for n in (1, 2, 2, 3, 4, 4, 5)]
    refs = [ref.split("/")[1] for ref in read(connect(), "repayment", page_rows=5)["#ref"]]
    assert refs == ["1", "2", "2#2", "3", "4", "4#2", "5"]


def test_a_payment_repeated_by_its_entries_is_one_payout(connect: Connect, kingdee: Any) -> None:
    paid = {"FREALPAYAMOUNTFOR_H": 100, "FSourceBillNumber": "SP-1"}
    kingdee.forms["AP_PAYBILL"] = [bill(1, **paid), bill(1, **paid), bill(2, **paid)]
    assert read(connect(), "payout")["#ref"].to_list() == ["AP_PAYBILL/1", "AP_PAYBILL/2"]


def test_a_record_that_appears_twice_where_it_must_not_is_an_error(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["AR_OtherRecAble"] = [bill(1), bill(1)]
    with pytest.raises(WireError):
        read(connect(), "open_item")


def test_a_record_without_a_readable_fid_is_an_error(connect: Connect, kingdee: Any) -> None:
    kingdee.odd["ExecuteBillQuery"] = [lambda request: httpx.Response(200, content=b'[["x"]]')]
    with pytest.raises(WireError, match="FID"):
        read(connect(), "person")


def test_an_unknown_stream_is_refused(connect: Connect) -> None:
    with pytest.raises(ConfigError, match="known: person"):
        list(Reader(connect(), MAPPINGS, 3).pages("salary", None))


def test_a_source_may_name_a_field_per_form() -> None:
    source = "A:FDate|B:FDATE"
    assert [form_field(source, form) for form in "ABC"] == ["FDate", "FDATE", None]
    assert form_field("FDate", "A") == "FDate" and form_field("#ref", "A") is None


def test_every_stream_asks_its_forms_for_something() -> None:
    for stream, forms in FORMS.items():
        for form in forms:
            assert fields_of(MAPPINGS[stream], form.form_id)


def test_a_companys_own_field_is_asked_for(connect: Connect, kingdee: Any) -> None:
    overlay = "streams:\n  open_item:\n    number: F_ABCD_LoanNo\n"
    text = (Path(product.__file__).parent / "mapping.yaml").read_text("utf-8")
    list(Reader(connect(), load_mapping(text, "mapping", overlay), 3).pages("open_item", None))
    assert "F_ABCD_LoanNo" in kingdee.asked("ExecuteBillQuery")[-1]["data"]["FieldKeys"]


def test_an_optional_field_that_the_company_does_not_have_is_not_asked_for(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["AR_OtherRecAble"] = [bill(1, FDATE="2026-07-01", F_PAEZ_TripStart="2026-07-02")]
    pages = list(Reader(connect(), MAPPINGS, 3).pages("open_item", None))
    assert pages[0].lacks == {"F_PAEZ_LoanKind", "F_PAEZ_TripEnd", "FREMARK"}
    row = pages[0].rows.row(0, named=True)
    assert (row["F_PAEZ_TripStart"], row["F_PAEZ_TripEnd"]) == ("2026-07-02", None)
    asked = [body["data"]["FieldKeys"] for body in kingdee.asked("ExecuteBillQuery")]
    assert not any("F_PAEZ_TripEnd" in keys for keys in asked)
    assert len(kingdee.asked("QueryBusinessInfo")) == 1
