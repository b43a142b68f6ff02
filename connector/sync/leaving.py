"""Exits of tonight, from every source: the OA's forms, HR's leavers whom the OA does not know, and what was not seen.

An exit that was live and is not in tonight's list is not gone: it stays, with a gate that nobody can see. Each row
gets a number of its own, even where a form's number stands twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from connector.model.tables import schema
from connector.reconcile.clearance import LIVE, Case
from connector.sync.connections import Desk

# How an exit that only HR knows is called.
HR_PREFIX = "HR:"


def exits_of(
    desk: Desk, forms: pl.DataFrame, employees: pl.DataFrame, sure: pl.DataFrame, complete: frozenset[str],
    live: Iterable[Case],
) -> pl.DataFrame:
    """Canonical exits with `person`. `sure`: `number` of all whom HR surely has; `live`: cases of earlier nights."""
    kept = _unseen(desk, forms, [case for case in live if not case.ref.startswith(HR_PREFIX)])
    known = sure.select("number").unique().with_columns(person=pl.col("number"))
    exits = pl.concat([forms, kept]).join(known, left_on="employee", right_on="number", how="left", validate="m:1")
    exits = pl.concat([exits, _of_hr(exits, employees, "exit" in complete).select(exits.columns)])
    return numbered_once(exits)


def numbered_once(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows; a number that stands on more than one gets the row's key behind it."""
    return rows.with_columns(
        number=pl.when(pl.col("number").is_duplicated())
        .then(pl.concat_str("number", pl.lit("#"), "ref")).otherwise(pl.col("number"))
    )


def _unseen(desk: Desk, seen: pl.DataFrame, live: list[Case]) -> pl.DataFrame:
    """Live cases without a row tonight: running as far as anybody knows, the gate not to be seen."""
    here = set(seen.select("system", "ref").iter_rows())
    rows = [
        {
            "system": case.system, "ref": case.ref, "seen_at": desk.clock.now(), "number": case.number,
            "employee": case.employee, "requested_on": case.opened_on, "state": "running",
        }
        for case in live if (case.system, case.ref) not in here
    ]
    return pl.DataFrame(rows, schema=schema("exit"))


def _of_hr(exits: pl.DataFrame, employees: pl.DataFrame, is_whole: bool) -> pl.DataFrame:
    """HR says leaving and the OA has no instance of this employment: an exit too, with nothing to hold it by.

    While the OA was not read to its end, nobody knows whether there is a gate.
    """
    hired = employees.select("number", "hired_on")
    of_now = exits.join(hired, left_on="person", right_on="number", how="left", validate="m:1").filter(
        (pl.col("state") == "running")
        | ((pl.col("state") == "completed") & (pl.col("requested_on") >= pl.col("hired_on")).fill_null(True))
    )
    leaving = employees.filter(pl.col("status") == "leaving").join(
        of_now.select("person").drop_nulls().unique(), left_on="number", right_on="person", how="anti"
    )
    name = pl.concat_str(pl.lit(HR_PREFIX), "ref")
    gate, strength = ("absent", "alarm_only") if is_whole else (None, None)
    return leaving.select(
        "system", name.alias("ref"), "seen_at", name.alias("number"), pl.col("number").alias("employee"),
        pl.col("exit_requested_on").alias("requested_on"), "last_day", pl.lit(None, pl.String).alias("kind"),
        pl.lit("running").alias("state"), pl.lit(gate, pl.String).alias("gate"),
        pl.lit(None, pl.Boolean).alias("gate_by_us"), pl.lit(strength, pl.String).alias("strength"),
        pl.col("number").alias("person"),
    )


def live_cases(known: Mapping[tuple[str, str], tuple[Case, str]]) -> list[Case]:
    """Cases that no look has ended yet."""
    return [case for case, _ in known.values() if case.state in LIVE]
