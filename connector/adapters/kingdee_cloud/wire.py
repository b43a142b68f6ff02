"""Kingdee Cloud's Web API without sockets: values in, request bodies out; answers in, rows or one error out.

Facts: the vendor's query article and SDK, and integrations known to run. Bodies are named objects (the SDK's
shape). Rows come as a list of lists in the order asked for; every cell leaves here as text or null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from connector.adapters.kingdee_cloud.answers import parsed, refused, response_status
from connector.adapters.kit import json
from connector.adapters.kit.http import Response
from connector.errors import AuthError, UnknownOutcome, WireError

_SERVICES = "Kingdee.BOS.WebApi.ServicesStub."
QUERY = f"{_SERVICES}DynamicFormService.ExecuteBillQuery.common.kdsvc"
SAVE = f"{_SERVICES}DynamicFormService.Save.common.kdsvc"
BUSINESS_FORM = f"{_SERVICES}DynamicFormService.QueryBusinessInfo.common.kdsvc"
REPORT = f"{_SERVICES}DynamicFormService.GetSysReportData.common.kdsvc"
VALIDATE_USER, LOGIN_BY_APP_SECRET, LOGIN_BY_SIGN = (
    f"{_SERVICES}AuthService.{name}.common.kdsvc" for name in ("ValidateUser", "LoginByAppSecret", "LoginBySign")
)
# Answers without a credential: good to see whether anybody is there, no proof of a login.
DATA_CENTERS = "Kingdee.BOS.ServiceFacade.ServicesStub.Account.AccountService.GetDataCenterList.common.kdsvc"
SESSION = "kdservice-sessionid"
SIGNED_IN = 1  # LoginResultType
# Words and code of a refused login: shut out after wrong tries; the application does not know the user; wrong sign.
_LOCKED, _NOT_LISTED, _WRONG_SIGN = ("次数超限", "锁定"), "不允许用户", "002005000003016"


@dataclass(frozen=True)
class Query:
    """One page of a form. `limit` 0 would be the server's default, of unknown size: always say it."""

    form_id: str
    fields: tuple[str, ...]
    where: str = ""
    order: str = "FID ASC"
    limit: int = 2000
    start: int = 0

    @property
    def place(self) -> str:
        return f"kingdee_cloud {self.form_id}"


@dataclass(frozen=True)
class Window:
    """Which rows of a report: `limit` of them after the first `start`."""

    start: int
    limit: int


def quoted(text: str) -> str:
    """A text as it stands in a filter: in single quotes, quotes doubled."""
    return "'" + text.replace("'", "''") + "'"


def one_of(field: str, values: Iterable[str]) -> str:
    """Filter: the field has one of these texts."""
    return f"{field} in ({','.join(map(quoted, values))})"


def query_body(query: Query) -> bytes:
    """Body of ExecuteBillQuery. TopRowCount is an absolute last row over there, so it stays 0."""
    return orjson.dumps({"data": {
        "FormId": query.form_id, "FieldKeys": ",".join(query.fields), "FilterString": query.where,
        "OrderString": query.order, "TopRowCount": 0, "StartRow": query.start, "Limit": query.limit,
    }})


def save_body(form_id: str, model: Mapping[str, object]) -> bytes:
    """Body of Save that changes the fields of `model` (with its FID) on the header and nothing else."""
    changed = [name for name in model if name != "FID"]
    data = {"NeedUpDateFields": changed, "IsDeleteEntry": "false", "Model": dict(model)}
    return orjson.dumps({"formid": form_id, "data": data})


def login_body(*parameters: str | int) -> bytes:
    """Body of a login, by position: the shape every version takes. The order is that of the service:
    ValidateUser account, user, password, lcid; LoginByAppSecret account, user, app id, secret, lcid;
    LoginBySign account, user, app id, unix seconds, sign, lcid."""
    return orjson.dumps({"parameters": parameters})


def business_form_body(form_id: str) -> bytes:
    return orjson.dumps({"data": {"FormId": form_id}})


def report_body(form_id: str, fields: Sequence[str], model: Mapping[str, object], window: Window) -> bytes:
    """Body of GetSysReportData: `formid` stands beside `data`, else the server finds no form."""
    data = {
        "FieldKeys": ",".join(fields), "SchemeId": "", "StartRow": window.start, "Limit": window.limit,
        "IsVerifyBaseDataField": "true", "Model": dict(model),
    }
    return orjson.dumps({"formid": form_id, "data": data})


def read_rows(response: Response, query: Query) -> pl.DataFrame:
    """Answer of ExecuteBillQuery → one String column per field. Every error form of the answer is raised."""
    return table(parsed(response, query.place, is_write=False), query.fields, query.place)


def table(rows: Any, fields: Sequence[str], place: str) -> pl.DataFrame:
    """List of lists → frame of text, numbers as exact decimal text. WireError for any other shape."""
    if not isinstance(rows, list):
        raise WireError("found no list of rows", place=place)
    if not rows:
        return pl.DataFrame(schema=dict.fromkeys(fields, pl.String))
    if set(map(type, rows)) != {list} or set(map(len, rows)) != {len(fields)}:
        raise WireError(f"found odd rows, expected lists of {len(fields)} values", place=place)
    columns = zip(*rows, strict=True)
    return pl.DataFrame([
        _texts(name, column, f"{place}.{name}") for name, column in zip(fields, columns, strict=True)
    ])


def _texts(name: str, column: Sequence[Any], place: str) -> pl.Series:
    """A column's values as text, by the cheapest way its types allow."""
    kinds = set(map(type, column))
    if kinds <= {str, type(None)}:
        return pl.Series(name, column, dtype=pl.String)
    if kinds == {int}:
        return pl.Series(name, list(map(str, column)), dtype=pl.String)
    if kinds == {float}:
        shortest = pl.Series(name, column, dtype=pl.Float64).cast(pl.String)
        if not shortest.str.contains("e", literal=True).any():
            return shortest
    if not kinds <= {str, int, float, bool, Decimal, type(None)}:
        raise WireError("found a list or an object, expected a plain value", place=place)
    return pl.Series(name, [_text(value) for value in column], dtype=pl.String)


def _text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    shortest = repr(value) if type(value) is float else str(value)
    return shortest if "e" not in shortest.lower() else f"{Decimal(shortest):f}"


def read_login(response: Response, place: str) -> dict[str, str]:
    """Answer of a login → cookies of the session. AuthError unless it says that the login succeeded."""
    answer = parsed(response, place, is_write=False)
    if not isinstance(answer, dict) or "LoginResultType" not in answer:
        raise WireError("found no LoginResultType", place=place)
    if answer["LoginResultType"] != SIGNED_IN:
        said = str(answer.get("Message") or f"LoginResultType {answer['LoginResultType']}")[:200]
        raise AuthError(said, place=place, mend=_mend_login(said, str(answer.get("MessageCode") or "")))
    cookies = dict(response.cookies)
    if SESSION not in cookies and answer.get("KDSVCSessionId"):
        cookies[SESSION] = str(answer["KDSVCSessionId"])
    return cookies


def _mend_login(said: str, code: str) -> str:
    """What to do about a refused login, by the words and the code that came with it."""
    if any(words in said for words in _LOCKED):
        return "the user is locked for about 30 minutes; wait, and mend the credential before the next try"
    if _NOT_LISTED in said:
        return "enable the application, and list the user on it (第三方系统登录授权)"
    if code == _WRONG_SIGN:
        return "check app_id, app_secret, sign_hash and this machine's clock"
    return "check auth, acct_id, username, its password or secret, and lcid"


def read_save(response: Response, place: str) -> tuple[str, ...]:
    """Answer of Save → ids of the records it names. It proves no more than a yes: the caller reads back."""
    answer = parsed(response, place, is_write=True)
    status = response_status(answer) if isinstance(answer, dict) else None
    if status is None:
        raise UnknownOutcome("sent, but the answer does not say what happened", place=place)
    entities = status.get("SuccessEntitys")
    named = entities if isinstance(entities, list) else []
    return tuple(str(entity.get("Id", "")) for entity in named if isinstance(entity, dict))


def read_business_form(response: Response, place: str) -> frozenset[str]:
    """Answer of QueryBusinessInfo → keys of all fields of the form, lower case."""
    answer = parsed(response, place, is_write=False)
    result = answer.get("Result") if isinstance(answer, dict) else None
    info = result.get("NeedReturnData") if isinstance(result, dict) else None
    entries = info.get("Entrys") if isinstance(info, dict) else None
    if not isinstance(entries, list):
        raise WireError("found no entries of the form", place=place)
    fields = [field for entry in entries if isinstance(entry, dict) for field in entry.get("Fields") or []]
    return frozenset(str(field.get("Key", "")).lower() for field in fields if isinstance(field, dict))


def read_report(response: Response, fields: Sequence[str], place: str) -> tuple[pl.DataFrame, int | None]:
    """Answer of GetSysReportData → frame of text, and how many rows the report says it has, where it says so."""
    answer = parsed(response, place, is_write=False)
    result = answer.get("Result") if isinstance(answer, dict) else None
    if isinstance(result, str):  # some versions pack the result once more
        result = json.parse(result.encode(), place)
        refusal = refused({"Result": result}, place, is_write=False)
        if refusal is not None:
            raise refusal
    if not isinstance(result, dict) or not isinstance(result.get("Rows"), list):
        raise WireError("found no rows of the report", place=place)
    count = str(result.get("RowCount", "")).strip()
    if count not in ("", "None") and not count.isdecimal():
        raise WireError(f"found a row count of {count[:20]!r}", place=place)
    return table(result["Rows"], fields, place), int(count) if count.isdecimal() else None

