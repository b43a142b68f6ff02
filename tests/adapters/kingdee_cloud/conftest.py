"""A make-believe Kingdee as a function: forms with rows, filters it understands, and answers put in its way."""

import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kit.http import Channel, transport
from connector.sandbox.company import write_sample_company
from connector.sandbox.server import start_sandbox
from connector.sandbox.world import load_world
from tests.adapters.kingdee_cloud.sites import DAY, Site


class FakeClock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> datetime:
        return datetime(2026, 7, 31, 4, tzinfo=UTC) + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


Answer = Callable[[httpx.Request], httpx.Response]


class FakeKingdee:
    """`forms`: form → rows by field. `odd`: answers given first, in turn, to the service of that name."""

    def __init__(self) -> None:
        self.forms: dict[str, list[dict[str, Any]]] = {}
        self.odd: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, Any, httpx.Headers]] = []
        self.cap = 10_000
        self.saved: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        service = request.url.path.split(".")[-3]
        body = orjson.loads(request.content)
        self.requests.append((service, body, request.headers))
        if self.odd.get(service):
            return self.odd[service].pop(0)(request)
        return httpx.Response(200, content=orjson.dumps(getattr(self, f"_{service.lower()}")(body)))

    def asked(self, service: str) -> list[Any]:
        return [body for name, body, _ in self.requests if name == service]

    def _executebillquery(self, body: Any) -> Any:
        query = body["data"]
        rows = [row for row in self.forms.get(query["FormId"], []) if matches(row, query["FilterString"])]
        order, _, way = query["OrderString"].partition(" ")
        rows.sort(key=lambda row: row[order], reverse=way == "DESC")
        rows = rows[query["StartRow"] :][: min(query["Limit"], self.cap)]
        return [[row.get(name) for name in query["FieldKeys"].split(",")] for row in rows]

    def _save(self, body: Any) -> Any:
        self.saved.append(body)
        model = body["data"]["Model"]
        if not model["FID"]:
            self.forms[body["formid"]].append(model | {"FID": 1000 + len(self.saved)})
        for row in self.forms[body["formid"]]:
            if row["FID"] == model["FID"]:
                row.update(model)
        return {"Result": {"ResponseStatus": {"IsSuccess": True, "MsgCode": 0}}}

    def _querybusinessinfo(self, body: Any) -> Any:
        rows = self.forms.get(body["data"]["FormId"]) or [{}]
        fields = [{"Key": name.partition(".")[0]} for name in rows[0]]
        entries = [{"Key": "FBillHead", "Fields": fields}]
        return {"Result": {"ResponseStatus": {"IsSuccess": True}, "NeedReturnData": {"Entrys": entries}}}

    def _getsysreportdata(self, body: Any) -> Any:
        rows = [["1221.01", "28000.00", "0"]]
        return {"Result": {"IsSuccess": True, "RowCount": len(rows), "Rows": rows}}

    def _getdatacenterlist(self, body: Any) -> Any:
        return []

    def _validateuser(self, body: Any) -> Any:
        return {"LoginResultType": 1, "KDSVCSessionId": f"s-{len(self.asked('ValidateUser'))}"}

    _loginbyappsecret = _loginbysign = _validateuser


COMPARED = {"=": operator.eq, "<>": operator.ne, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def matches(row: dict[str, Any], where: str) -> bool:
    """Filters of the shapes that the adapter writes, each condition joined by `and` unless an `or` stands alone."""
    if " or " in where and " and " not in where:
        return any(matches(row, part) for part in where.split(" or "))
    for grouped in re.findall(r"\(([^()]* or [^()]*)\)", where):
        if not matches(row, grouped):
            return False
        where = where.replace(f"({grouped})", "1=1")
    for field, values in re.findall(r"([\w.]+) in \((.*?)\)", where):
        if str(row.get(field)) not in [v.strip("'").replace("''", "'") for v in values.split(",")]:
            return False
    for field, sign, value in re.findall(r"([\w.]+) ?(<>|<=|>=|=|>) ?('[^']*'|-?\d+)", where):
        if field == "1":
            continue
        found, wanted = row.get(field), value.strip("'") if value.startswith("'") else int(value)
        found = {True: "1", False: "0"}.get(found, found) if isinstance(found, bool) else found
        found = "" if found is None and isinstance(wanted, str) else found
        found = found.replace("T", " ") if field == "FModifyDate" else found
        if not COMPARED[sign](found, wanted):
            return False
    return True


def options(**changes: Any) -> dict[str, Any]:
    return {
        "base_url": "https://erp.example.com/k3cloud/", "acct_id": "acct", "username": "robot",
        "app_id": "204399_72epSbtEQMC92Vwt2d3LRa9LRqSc1tqJ", "app_secret": "s3cret", "password": "pa55",
    } | changes  # fmt: skip


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kingdee() -> FakeKingdee:
    return FakeKingdee()


@pytest.fixture
def connect(kingdee: FakeKingdee, clock: FakeClock) -> Iterator[Callable[..., Session]]:
    def session(**changes: Any) -> Session:
        form = KingdeeForm.model_validate(options(**changes))
        return Session(form, Channel(form.endpoint, clock, transport=transport(kingdee)), clock)

    yield session


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
