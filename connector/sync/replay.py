"""Replay: past nights judged again, by their own rule book or by another, and what that changes. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from connector.rules.book import RuleBook, load_book
from connector.rules.judge import judge
from connector.sync.archive import Judged, judged_nights, verdicts_of
from connector.sync.assess import parts
from connector.sync.connections import Desk

# What a finding is told by.
_KEY = ("rule", "over", "subject", "employee")


@dataclass(frozen=True)
class Replayed:
    """One night judged again. `appeared` and `gone`: hits (rule, over, subject, employee) that only the new or only the
    kept verdicts have; `is_same`: every verdict and every fact is, byte by byte."""

    run: str
    as_of: date
    kept_by: str  # version of the rule book of that night
    judged_by: str
    hits: int
    is_same: bool
    appeared: pl.DataFrame
    gone: pl.DataFrame


def replay(desk: Desk, since: date, until: date, book: RuleBook | None = None) -> Iterator[Replayed]:
    """Every kept night from `since` to `until`. `book` None: each night by its own."""
    for night in judged_nights(desk, since, until):
        yield again(night, book)


def again(night: Judged, book: RuleBook | None = None) -> Replayed:
    """One kept night, judged by `book`, or by its own."""
    own = load_book(night.book, f"rule book of run {night.run}")
    used = book or own
    now = verdicts_of(pl.concat([judge(part, used, night.absent).findings for part in parts(night.facts)]))
    before, after = _hits(night.verdicts), _hits(now)
    return Replayed(
        night.run, night.as_of, own.version, used.version, after.height, _bytes(now) == _bytes(night.verdicts),
        _only(after, before), _only(before, after),
    )


def _hits(verdicts: pl.DataFrame) -> pl.DataFrame:
    return verdicts.filter(pl.col("verdict") == "hit").select(_KEY)


def _only(these: pl.DataFrame, those: pl.DataFrame) -> pl.DataFrame:
    return these.join(those, on=_KEY, how="anti", nulls_equal=True)


def _bytes(verdicts: pl.DataFrame) -> str:
    return verdicts.write_csv()
