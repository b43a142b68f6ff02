"""A company as the use cases see it: its connections by role, its rule book, its calendar facts. Plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.adapters.contract import Adapter, Clock
from connector.mappings.table import StreamMapping
from connector.rules.book import RuleBook
from connector.store.database import Store

# Nobody loses this share of his people in a night without knowing it. Percent of rows.
SHRINK_PERCENT = 5

Progress = Callable[[str, int], None]  # stage code, rows so far


@dataclass(frozen=True)
class Connection:
    """One account in one product: its adapter, the mapping of each of its streams, and when a stream that shrank
    since its last complete read is not believed: when it lost more than `shrink_percent` of its rows."""

    name: str
    role: str  # finance | oa | hr
    adapter: Adapter
    mappings: dict[str, StreamMapping]
    shrink_percent: int = SHRINK_PERCENT


@dataclass(frozen=True)
class Company:
    """One company with everything a night needs."""

    code: str
    title: str
    currency: str
    zone: ZoneInfo
    connections: tuple[Connection, ...]
    book: RuleBook
    language: str = "zh_CN"
    approval_chain: tuple[tuple[str, ...], ...] = field(default=())
    payout_prefix: str = "FK"
    confirm_always: bool = False

    def by_role(self, role: str) -> Connection | None:
        return next((c for c in self.connections if c.role == role), None)

    def with_sink(self, role: str, kind: str) -> Connection | None:
        """The connection of a role that carries marks of a kind."""
        return next((c for c in self.connections if c.role == role and c.adapter.manifest.sink(kind)), None)

    def by_name(self, name: str) -> Connection | None:
        return next((c for c in self.connections if c.name == name), None)


@dataclass(frozen=True)
class Desk:
    """Where a run works: the company, its store, the clock, the folder for snapshots, and who wants to see progress."""

    company: Company
    store: Store
    clock: Clock
    folder: Path
    progress: Progress = lambda stage, rows: None
    trial_day: date | None = None  # a make-believe company lives on a day of its own

    def today(self) -> date:
        if self.trial_day is not None:
            return self.trial_day
        return self.clock.now().astimezone(self.company.zone).date()
