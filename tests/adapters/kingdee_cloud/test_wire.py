from decimal import Decimal
from typing import Any

import orjson
import polars as pl
import pytest

from connector.adapters.kingdee_cloud import wire
from connector.adapters.kit.http import Response
from connector.errors import AuthError, RejectedError, UnknownOutcome, WireError

QUERY = wire.Query("BD_Empinfo", ("FID", "FNumber"))


def answer(body: object, **cookies: str) -> Response:
    return Response(200, {}, body if isinstance(body, bytes) else orjson.dumps(body), cookies)


def test_a_query_is_a_named_object_with_an_absolute_last_row_of_zero() -> None:
    query = wire.Query("BD_Empinfo", ("FNumber", "FName"), "FForbidStatus='A'", "FNumber ASC", 2000, 4000)
    assert orjson.loads(wire.query_body(query)) == {
        "data": {
            "FormId": "BD_Empinfo",
            "FieldKeys": "FNumber,FName",
            "FilterString": "FForbidStatus='A'",
            "OrderString": "FNumber ASC",
            "TopRowCount": 0,
            "StartRow": 4000,
            "Limit": 2000,
        }
    }


def test_a_save_names_the_fields_it_changes_and_leaves_entries_alone() -> None:
    assert orjson.loads(wire.save_body("BD_Empinfo", {"FID": 100001, "F_PAEZ_RiskFlag": True})) == {
        "formid": "BD_Empinfo",
        "data": {
            "NeedUpDateFields": ["F_PAEZ_RiskFlag"],
            "IsDeleteEntry": "false",
            "Model": {"FID": 100001, "F_PAEZ_RiskFlag": True},
        },
    }


def test_a_report_says_its_form_beside_its_data() -> None:
    window = wire.Window(0, 100)
    body = orjson.loads(wire.report_body("GL_RPT_AccountBalance", ("FBALANCEID",), {"FENDYEAR": "2026"}, window))
    assert body["formid"] == "GL_RPT_AccountBalance"
    assert body["data"]["FieldKeys"] == "FBALANCEID" and body["data"]["Model"] == {"FENDYEAR": "2026"}


def test_a_login_goes_by_position() -> None:
    assert orjson.loads(wire.login_body("acct", "user", "pw", 2052)) == {"parameters": ["acct", "user", "pw", 2052]}


def test_quotes_in_a_filter_are_doubled() -> None:
    assert wire.one_of("FNumber", ["E1", "O'Hara"]) == "FNumber in ('E1','O''Hara')"


def test_rows_become_text_columns_in_the_order_asked_for() -> None:
    fields = ("id", "name", "amount", "flag", "none", "mixed")
    rows = wire.table([[1, "张三", 840.7, True, None, 1], [2, " ", 9500, False, None, "x"]], fields, "here")
    assert rows.to_dict(as_series=False) == {
        "id": ["1", "2"],
        "name": ["张三", " "],
        "amount": ["840.7", "9500"],
        "flag": ["true", "false"],
        "none": [None, None],
        "mixed": ["1", "x"],
    }
    assert set(rows.dtypes) == {pl.String}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (28000.0, "28000.0"),
        (1e16, "10000000000000000"),
        (1.5e-7, "0.00000015"),
        (-0.0, "-0.0"),
        (123456789.12, "123456789.12"),
        (2**70, str(2**70)),
        (Decimal("0.12345678901234567890"), "0.12345678901234567890"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_numbers_are_written_plainly_and_exactly(value: object, text: str) -> None:
    assert wire.table([[value, None]], ("v", "w"), "here")["v"][0] == text


def test_no_rows_are_an_empty_table_with_its_columns() -> None:
    assert wire.read_rows(answer([]), QUERY).columns == ["FID", "FNumber"]


@pytest.mark.parametrize(
    "odd", [{}, "x", 1, None, [1], [[1]], [[1, "a"], [2]], [[1, ["a"]]], [[1, {"a": 1}]], [[1, "a"], {"Result": 1}]]
)
def test_an_answer_of_another_shape_is_refused(odd: object) -> None:
    with pytest.raises(WireError):
        wire.read_rows(answer(odd), QUERY)


LOGGED_IN: dict[str, Any] = {"LoginResultType": 1, "KDSVCSessionId": "s-1", "Message": None}


def test_a_login_yields_its_cookies() -> None:
    assert wire.read_login(answer(LOGGED_IN, **{"kdservice-sessionid": "c-1"}), "here") == {
        "kdservice-sessionid": "c-1"
    }


def test_a_login_without_a_cookie_yields_the_session_of_its_body() -> None:
    assert wire.read_login(answer(LOGGED_IN), "here") == {"kdservice-sessionid": "s-1"}


@pytest.mark.parametrize("result", [0, -1, 2, -5, None, "1"])
def test_any_other_result_of_a_login_is_a_refusal(result: object) -> None:
    with pytest.raises(AuthError, match="次数超限"):
        wire.read_login(answer({"LoginResultType": result, "Message": "次数超限"}), "here")


def test_a_login_answer_without_a_result_is_refused() -> None:
    with pytest.raises(WireError):
        wire.read_login(answer({"IsSuccessByAPI": True}), "here")


def test_a_save_that_says_yes_is_accepted() -> None:
    yes = {"Result": {"ResponseStatus": {"IsSuccess": "True", "SuccessEntitys": [{"Id": 7, "Number": "E7"}]}}}
    assert wire.read_save(answer(yes), "here") == ("7",)


@pytest.mark.parametrize("odd", [{}, [], {"Result": {}}, b"<html>", b""])
def test_a_save_whose_answer_says_nothing_is_unknown(odd: object) -> None:
    with pytest.raises(UnknownOutcome):
        wire.read_save(answer(odd), "here")


def test_a_save_that_is_refused_is_rejected() -> None:
    said = {"Result": {"ResponseStatus": {"IsSuccess": "false", "Errors": [{"Message": "已审核"}]}}}
    with pytest.raises(RejectedError, match="已审核"):
        wire.read_save(answer(said), "here")


def test_fields_of_all_entries_are_known_in_lower_case() -> None:
    info = {"Result": {"ResponseStatus": {"IsSuccess": True}, "NeedReturnData": {"Entrys": [
        {"Key": "FBillHead", "Fields": [{"Key": "FNumber"}, {"Key": "F_PAEZ_RiskFlag"}]},
        {"Key": "FEntity", "Fields": [{"Key": "FPost"}]},
        {"Key": "FEmpty", "Fields": None},
    ]}}}  # fmt: skip
    assert wire.read_business_form(answer(info), "here") == {"fnumber", "f_paez_riskflag", "fpost"}


@pytest.mark.parametrize("odd", [[], {}, {"Result": {}}, {"Result": {"NeedReturnData": []}}])
def test_business_info_without_entries_is_refused(odd: object) -> None:
    with pytest.raises(WireError):
        wire.read_business_form(answer(odd), "here")


@pytest.mark.parametrize("packed", [False, True])
def test_a_report_is_read_plain_or_packed_once_more(packed: bool) -> None:
    result: Any = {"IsSuccess": True, "RowCount": 1, "Rows": [["1221.01", "28,000.00"]]}
    body = {"Result": orjson.dumps(result).decode() if packed else result}
    rows, count = wire.read_report(answer(body), ("account", "amount"), "here")
    assert (rows.rows(), count) == ([("1221.01", "28,000.00")], 1)


@pytest.mark.parametrize("odd", [[], {}, {"Result": {"IsSuccess": True}}, {"Result": {"Rows": [], "RowCount": "x"}}])
def test_a_report_without_its_rows_is_refused(odd: object) -> None:
    with pytest.raises(WireError):
        wire.read_report(answer(odd), ("account",), "here")
