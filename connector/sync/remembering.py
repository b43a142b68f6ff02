"""Closed records that are not fetched again: what the last complete read left of them, and which are due once more.

An approval may be amended or revoked after its end. Each that ended lately is therefore read again once a week, those
first that were read longest ago, a bounded number a night. A closed month is read once. What is not delivered again
stays as it was read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

# A closed month is kept for a year and the month it is compared with, days.
_KEPT_DAYS = 400
# Who revokes or amends an approval does so within two months, as a rule: days.
_CHANGES_WITHIN = 60
# A record is read again after a week, less half a day for a night that begins earlier than the last one.
_AGAIN_AFTER = timedelta(days=7) - timedelta(hours=12)
# Records read again in a night: a twentieth of the usual calls of a day.
_A_NIGHT = 100


@dataclass(frozen=True)
class Memory:
    """`rows` of closed records; those of `closed` need not be fetched. `numbers`: user of the OA → employee number of
    everybody who decided so far, true of who has left its directory, too."""

    rows: pl.DataFrame | None = None
    closed: frozenset[str] = frozenset()
    numbers: dict[str, str] = field(default_factory=dict)

    def beside(self, fresh: pl.DataFrame) -> pl.DataFrame:
        """The fresh rows, and those remembered of records that are not among them."""
        return fresh if self.rows is None else pl.concat([self.rows.join(fresh, on="ref", how="anti"), fresh])


def memory_of(stream: str, earlier: pl.DataFrame, as_of: date, now: datetime, zone: ZoneInfo) -> Memory:
    """What the rows of an earlier read spare. `earlier`: canonical approvals, or months."""
    return _approvals(earlier, as_of, now, zone) if stream == "approval" else _months(earlier, as_of)


def _approvals(earlier: pl.DataFrame, as_of: date, now: datetime, zone: ZoneInfo) -> Memory:
    ended = earlier.filter(pl.col("state") != "running")
    since = datetime.combine(as_of - timedelta(days=_CHANGES_WITHIN), time(), zone).astimezone(UTC)
    due = ended.group_by("ref").agg(pl.col("seen_at").min(), pl.col("finished_at").max()).filter(
        (pl.col("finished_at") >= since) & (pl.col("seen_at") <= now - _AGAIN_AFTER)
    ).sort("seen_at", "ref").head(_A_NIGHT)
    numbers = earlier.select("approver", "approver_employee").drop_nulls().unique("approver").sort("approver")
    return Memory(ended, frozenset(ended["ref"]) - frozenset(due["ref"]), dict(numbers.iter_rows()))


def _months(earlier: pl.DataFrame, as_of: date) -> Memory:
    """Months that are closed and whose count is known."""
    oldest = as_of - timedelta(days=_KEPT_DAYS)
    known = earlier.filter(pl.col("is_closed") & pl.col("late_count").is_not_null() & (pl.col("month") >= oldest))
    return Memory(known, frozenset(known["ref"]))
