"""Who is waited for: people whose manager somebody is, and running approvals that stand with him.

Counted over the whole company, never over a part of it: a manager's people are judged in other parts than he is.
"""

from __future__ import annotations

import polars as pl

CROWD = {"number": pl.String, "reports": pl.Int64, "waiting": pl.Int64}


def count_crowd(employees: pl.DataFrame, approvals: pl.DataFrame) -> pl.DataFrame:
    """`number, reports, waiting`: per employee how many who have not left report to him, and how many running
    approvals wait for his decision. Who has neither has no row."""
    here = employees.filter(pl.col("manager").is_not_null() & (pl.col("status") != "left"))
    reports = here.group_by(number="manager").agg(reports=pl.len().cast(pl.Int64))
    steps = approvals.filter((pl.col("state") == "running") & (pl.col("decision") == "waiting"))
    waiting = steps.drop_nulls("approver_employee").group_by(number="approver_employee").agg(
        waiting=pl.col("number").n_unique().cast(pl.Int64)
    )
    both = reports.join(waiting, on="number", how="full", coalesce=True, validate="1:1")
    return both.with_columns(pl.col("reports", "waiting").fill_null(0)).select(list(CROWD)).sort("number")
