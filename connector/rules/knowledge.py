"""What is known of a part of the company: its linked tables, which streams are whole, and about whom there is doubt.

Not seen is not gone: sums over what may be incomplete are unknown, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from connector.model.tables import schema
from connector.rules.reporting import CROWD


def _by_person(table: str) -> pl.DataFrame:
    """A canonical table without rows, linked."""
    return pl.DataFrame(schema=schema(table) | {"person": pl.String})


@dataclass(frozen=True)
class Facts:
    """Linked canonical tables of one part, all as of one business date.

    `loan`, `exit` and the tables of months carry `person`: the employee number in HR, null when not linked; `loan` also
    `lent_under`: the earlier number of that person, null when it is today's. `heirs` (number, person) has every such
    pair of an earlier number and today's. `doubt` has a row (person, reason) for everybody who may owe more than is
    seen: candidates of disputed or unlinked loans, owners of rejected rows. `unread` (stream, person): whose month or
    signal could not be read. `complete` names the streams whose end is proved. `suspended` is the cause for which
    releases rest for the whole company, or "".
    """

    employee: pl.DataFrame
    loan: pl.DataFrame
    approval: pl.DataFrame
    exit: pl.DataFrame
    doubt: pl.DataFrame
    complete: frozenset[str]
    as_of: date
    currency: str
    zone: ZoneInfo
    suspended: str = ""
    approval_chain: tuple[tuple[str, ...], ...] = field(default=())
    # How far back the OA can list approvals, days.
    reach_days: int = 365
    appraisal: pl.DataFrame = field(default_factory=lambda: _by_person("appraisal_month"))
    attendance: pl.DataFrame = field(default_factory=lambda: _by_person("attendance_month"))
    signal: pl.DataFrame = field(default_factory=lambda: _by_person("signal"))
    # number, reports, waiting: counted over the whole company, whatever part this is.
    crowd: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CROWD))
    heirs: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"number": pl.String, "person": pl.String}))
    unread: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"stream": pl.String, "person": pl.String})
    )


# What a loan of the time before carries as its system: it was imported, and finance does not show it any more. No
# connection can be called so.
HISTORY = "#history"


def is_past() -> pl.Expr:
    """Imported and settled: it counts in windows and histories, and nothing is found about it."""
    return ((pl.col("system") == HISTORY) & (pl.col("balance") <= 0)).fill_null(False)


def sum_known(total: pl.Expr, counted: pl.Expr, is_known: pl.Expr) -> pl.Expr:
    """A sum that stays unknown: null unless known; 0 when known and without rows; null if any part was null.

    `total` and `counted` come from `known_total` after a left join (both null where nothing was joined).
    """
    return pl.when(~is_known.fill_null(False)).then(None).when(counted.is_null()).then(0).otherwise(total)


def known_total(column: pl.Expr) -> pl.Expr:
    """Inside a group: the sum, or null if any of its rows is null (a plain sum would skip them)."""
    return pl.when(column.null_count() == 0).then(column.sum()).otherwise(None)


def decimal(minor: pl.Expr, digits: pl.Expr | int = 2) -> pl.Expr:
    """Minor units → decimal text, exactly: −5 → `-0.05`."""
    digits_expr = pl.lit(digits) if isinstance(digits, int) else digits
    size = minor.abs().cast(pl.String).str.pad_start(20, "0")
    head = size.str.slice(0, 20 - digits_expr.cast(pl.Int64)).str.strip_chars_start("0")
    head = pl.when(head == "").then(pl.lit("0")).otherwise(head)
    tail = size.str.slice(20 - digits_expr.cast(pl.Int64))
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    dot = pl.when(digits_expr > 0).then(pl.lit(".")).otherwise(pl.lit(""))
    return pl.when(minor.is_null()).then(None).otherwise(sign + head + dot + tail)
