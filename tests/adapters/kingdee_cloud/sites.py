"""A made-up Kingdee on a real port, and what tests do to it."""

import json
import urllib.request
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from connector.adapters import registry
from connector.adapters.contract import Setting, Since
from connector.adapters.kingdee_cloud.adapter import KingdeeCloud
from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.adapters.kit.clock import SystemClock
from connector.mappings.table import Context, load_mapping, map_rows
from connector.model.plan import Action

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
