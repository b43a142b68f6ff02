"""The import of the time before: read and compared first, kept only when every row fits and the sums tie out.

Promises: what finance shows is finance's; an import changes no foreign system and makes no reminder. Never here: a
judgement of what was imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from connector.adapters.contract import Setting
from connector.adapters.files.history import read_past
from connector.errors import StateError
from connector.mappings.history import misfits, open_balances
from connector.model.faults import fault
from connector.model.values import decimal_text
from connector.rules.knowledge import HISTORY
from connector.store.audit import write_line
from connector.store.history import keep_history, kept_history
from connector.store.links import stored_links
from connector.store.snapshots import last_complete
from connector.sync.connections import Desk


@dataclass(frozen=True)
class Past:
    """What a folder holds of the time before. `totals`: currency → stated, here, difference (decimal text)."""

    loans: pl.DataFrame  # those to keep
    repayments: pl.DataFrame
    totals: Mapping[str, Mapping[str, str]]
    rejects: tuple[dict[str, str], ...]
    in_finance: int
    settled: int

    @property
    def ties_out(self) -> bool:
        return all(not row["difference"].strip("-0.") for row in self.totals.values())


def read_history(desk: Desk, folder: Path, stated: Mapping[str, int]) -> Past:
    """`stated`: currency → what the old books say is open, minor units. StateError until finance was read in full."""
    shown, as_of = _shown_by_finance(desk), desk.today()
    setting = Setting(HISTORY, desk.company.currency, desk.company.zone, desk.clock)
    lent, repaid = (read_past(folder, table, setting, as_of) for table in ("loan", "repayment"))
    rejects = [vars(reject) for reject in (*lent.rejects, *repaid.rejects)]
    for row in misfits(lent.rows, repaid.rows, as_of).iter_rows(named=True):
        rejects.append({**row, "ref": row["place"]})
    loans = open_balances(lent.rows.unique("number", keep="first", maintain_order=True), repaid.rows)
    kept = loans.filter(~pl.col("number").is_in(sorted(shown)))
    rejects += _given_up(desk, loans)
    return Past(
        kept, repaid.rows.join(kept, left_on="loan", right_on="number", how="semi"), _totals(loans, stated),
        tuple(rejects), loans.height - kept.height, kept.filter(pl.col("balance") == 0).height,
    )


def keep_past(desk: Desk, past: Past, by: str) -> None:
    """Keep what was read. StateError, and nothing is kept, when a row does not fit or a sum does not tie out."""
    if past.rejects:
        raise fault(StateError, "history.rejects", "history", count=len(past.rejects))
    if not past.ties_out:
        differing = ", ".join(f"{c} {row['difference']}" for c, row in past.totals.items())
        raise fault(StateError, "history.differs", "history", differences=differing)
    now = desk.clock.now()
    keep_history(desk.store, past.loans, past.repayments, by, now)
    write_line(desk.store, by, "import", {
        "loans": past.loans.height, "repayments": past.repayments.height, "in_finance": past.in_finance,
        "totals": {currency: dict(row) for currency, row in past.totals.items()},
    }, now)


@dataclass(frozen=True)
class Opening:
    """Imported loans that finance does not show: the open ones, the settled ones, and the repayments of both."""

    open: pl.DataFrame
    settled: pl.DataFrame
    repayments: pl.DataFrame


def opening_loans(desk: Desk, seen: pl.DataFrame, only: pl.DataFrame | None) -> Opening:
    """`seen`: canonical loans of finance tonight; where it shows a loan, finance wins. `only`: these employees of HR,
    for a look at few."""
    loans, repayments = kept_history(desk.store)
    paid_out = seen.filter(pl.col("lent_on").is_not_null())
    loans = loans.join(paid_out.select("number"), on="number", how="anti").with_columns(
        system=pl.lit(HISTORY), is_allocated=pl.lit(False), paid_on=pl.col("lent_on")
    )
    if only is not None:
        finance = desk.company.by_role("finance")
        linked = stored_links(desk.store, finance.name if finance else "")
        mine = linked.join(only, left_on="person", right_on="number", how="semi").select("number")
        loans = loans.join(pl.concat([mine, only.select("number")]), left_on="employee", right_on="number", how="semi")
    repayments = repayments.join(loans, left_on="loan", right_on="number", how="semi").with_columns(
        system=pl.lit(HISTORY)
    )
    return Opening(loans.filter(pl.col("balance") > 0), loans.filter(pl.col("balance") <= 0), repayments)


def _totals(loans: pl.DataFrame, stated: Mapping[str, int]) -> dict[str, dict[str, str]]:
    here = dict(loans.group_by("currency").agg(pl.col("balance").sum()).iter_rows())
    return {
        currency: {
            "stated": decimal_text(stated.get(currency, 0), currency),
            "here": decimal_text(here.get(currency, 0), currency),
            "difference": decimal_text(stated.get(currency, 0) - here.get(currency, 0), currency),
        }
        for currency in sorted({*here, *stated})
    }


def _shown_by_finance(desk: Desk) -> set[str]:
    """Numbers of loans that finance was last read to show."""
    finance = desk.company.by_role("finance")
    items = last_complete(desk.store, finance.name, "open_item") if finance else None
    if items is None:
        raise fault(StateError, "history.never_read", "open_item")
    return set(pl.read_parquet(items.path, columns=["number"])["number"])


def _given_up(desk: Desk, loans: pl.DataFrame) -> list[dict[str, str]]:
    """Loans of an earlier import that were open and are not in the folder any more: not seen is not gone."""
    before, _ = kept_history(desk.store)
    lost = before.filter(pl.col("balance") > 0).join(loans, on="number", how="anti")
    return [
        {"ref": "loans", "key": number, "reason": "history.reject.given_up", "found": number, "expected": ""}
        for number in lost["number"]
    ]

