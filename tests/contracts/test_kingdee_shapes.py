"""Every shape of a request body that clients of the product send means the same to the stand-in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.sandbox.http import Headers, Request, Response
from tests.sandbox.folders import small_world

SERVICES = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub"
# What the old client puts around the parameters.
HAT = {"format": 1, "useragent": "ApiClient", "rid": "9a0c", "timestamp": "2026-07-31 12:00:00", "v": "1.0"}

Shape = Callable[[dict[str, Any]], tuple[str, bytes]]


def _text(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def _form(fields: dict[str, Any]) -> tuple[str, bytes]:
    kept = {name: _text(value) for name, value in fields.items()}
    return "application/x-www-form-urlencoded", urlencode(kept).encode()


def _json(change: Callable[[dict[str, Any]], Any]) -> Shape:
    return lambda fields: ("application/json", orjson.dumps(change(fields)))


SHAPES: dict[str, Shape] = {
    "A object": _json(lambda fields: fields),
    "B text": _json(lambda fields: {name: _text(value) for name, value in fields.items()}),
    "C positions of text": _json(lambda fields: {"parameters": [_text(value) for value in fields.values()]}),
    "C positions of objects": _json(lambda fields: {"parameters": list(fields.values())}),
    "C' hat": _json(lambda fields: HAT | {"parameters": [_text(value) for value in fields.values()]}),
    "C' hat, text of a list": _json(lambda fields: HAT | {"parameters": _text(list(map(_text, fields.values())))}),
    "D form": _form,
}


class Client:
    """A session at the stand-in of a small company, and what it says to a body of some shape."""

    def __init__(self, folder: Path) -> None:
        self.world = small_world(folder)
        self.standin = KingdeeStandIn(self.world)
        self.session = ""

    def login(self, shape: Shape, fields: dict[str, Any], service: str = "ValidateUser") -> Any:
        said = self._said(f"AuthService.{service}", shape, fields)
        self.session = said["KDSVCSessionId"]
        return said

    def call(self, service: str, shape: Shape, **fields: Any) -> Any:
        return self._said(f"DynamicFormService.{service}", shape, fields)

    def _said(self, service: str, shape: Shape, fields: dict[str, Any]) -> Any:
        kind, body = shape(fields)
        headers = Headers([("Content-Type", kind), ("kdservice-sessionid", self.session)])
        answer: Response = self.standin.respond(
            Request("POST", f"{SERVICES}.{service}.common.kdsvc", headers=headers, body=body)
        )
        return orjson.loads(answer.body)


@pytest.fixture(params=SHAPES)
def shape(request: Any) -> Shape:
    return SHAPES[request.param]


@pytest.fixture
def client(tmp_path: Path, shape: Shape) -> Client:
    found = Client(tmp_path)
    own: dict[str, Any] = dict(found.standin.describe())
    fields = {"acctID": own["acct_id"], "username": own["username"], "password": own["password"], "lcid": 2052}
    assert found.login(shape, fields)["LoginResultType"] == 1
    return found


def test_a_secret_logs_in_by_every_shape(client: Client, shape: Shape) -> None:
    own: dict[str, Any] = dict(client.standin.describe())
    fields = {"acctID": own["acct_id"], "username": own["username"], "appId": own["app_id"],
              "appSecret": own["app_secret"], "lcid": "2052"}
    assert client.login(shape, fields, "LoginByAppSecret")["LoginResultType"] == 1


def test_a_query_finds_the_same_rows(client: Client, shape: Shape) -> None:
    asked = {"FormId": "BD_Empinfo", "FieldKeys": "FNumber", "FilterString": "", "OrderString": "FID ASC",
             "TopRowCount": "0", "StartRow": 0, "Limit": "1"}
    assert client.call("ExecuteBillQuery", shape, data=asked) == [[client.world.rows("employees")[0]["number"]]]


def test_a_save_an_operation_and_a_view_reach_the_same_record(client: Client, shape: Shape) -> None:
    number = client.world.rows("employees")[0]["number"]
    key = client.call("View", shape, formid="BD_Empinfo", data={"Number": number})["Result"]["Result"]["Id"]
    model = {"FID": key, "F_PAEZ_RiskFlag": "true", "F_NOBODY_KNOWS": 1}
    asked = {"NeedUpDateFields": ["F_PAEZ_RiskFlag"], "Model": model}
    saved = client.call("Save", shape, formid="BD_Empinfo", data=asked)
    assert saved["Result"]["ResponseStatus"]["IsSuccess"] is True
    client.call("ExecuteOperation", shape, formid="BD_Empinfo", opNumber="Forbid", data={"Ids": str(key)})
    seen = client.call("View", shape, formid="BD_Empinfo", data={"Id": key})["Result"]["Result"]
    assert (seen["F_PAEZ_RiskFlag"], seen["ForbidStatus"]) == (True, "B")


def test_a_bare_list_is_refused_as_the_product_does(tmp_path: Path) -> None:
    client = Client(tmp_path)
    headers = Headers([("Content-Type", "application/json")])
    path = f"{SERVICES}.AuthService.ValidateUser.common.kdsvc"
    answer = client.standin.respond(Request("POST", path, headers=headers, body=b'["a", "b"]'))
    assert (answer.status, answer.body[:15]) == (500, b"Additional text")
