"""The time before: what was lent and paid back then, row against row, and what is still open of it.

Promises: every row that does not fit is named with its place and why. Never here: whether the sums are the right ones.
"""

from __future__ import annotations

from datetime import date

import polars as pl

MISFIT = {"place": pl.String, "key": pl.String, "reason": pl.String, "found": pl.String, "expected": pl.String}


def open_balances(loans: pl.DataFrame, repayments: pl.DataFrame) -> pl.DataFrame:
    """Canonical loans that were paid out, with the `balance` that the repayments leave."""
    repaid = repayments.group_by(number="loan").agg(repaid=pl.col("amount").sum())
    return loans.filter(pl.col("lent_on").is_not_null()).join(
        repaid, on="number", how="left", validate="m:1"
    ).with_columns(balance=pl.col("principal") - pl.col("repaid").fill_null(0)).drop("repaid")


def misfits(loans: pl.DataFrame, repayments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows that do not fit (`MISFIT`): a number that stands twice, a repayment of no loan, in another currency or of
    another employee, more paid back than lent, a day after the day of the import."""
    named = repayments.join(
        loans.unique("number", keep="first").select(loan="number", of_currency="currency", of_employee="employee"),
        on="loan", how="left", validate="m:1",
    )
    balances = open_balances(loans, repayments)
    is_known = pl.col("of_currency").is_not_null()
    parts = [
        _found(rows.filter(pl.col("number").is_duplicated()), "twice", "number") for rows in (loans, repayments)
    ]
    parts += [
        _found(named.filter(~is_known), "no_loan", "loan"),
        _found(named.filter(is_known & (pl.col("currency") != pl.col("of_currency"))), "currency", "currency",
               "of_currency"),
        _found(named.filter(is_known & (pl.col("employee") != pl.col("of_employee"))), "employee", "employee",
               "of_employee"),
        _found(balances.filter(pl.col("balance") < 0), "overpaid", "number"),
        _found(loans.filter(pl.col("lent_on") > as_of), "later", "lent_on"),
        _found(repayments.filter(pl.col("paid_on") > as_of), "later", "paid_on"),
    ]
    return pl.concat(parts).sort("place", "reason", maintain_order=True)


def _found(rows: pl.DataFrame, reason: str, column: str, expected: str = "") -> pl.DataFrame:
    wanted = pl.col(expected) if expected else pl.lit("")
    return rows.select(
        "place", key=pl.col("number"), reason=pl.lit(f"history.reject.{reason}"),
        found=pl.col(column).cast(pl.String).fill_null(""), expected=wanted,
    ).cast(pl.Schema(MISFIT))
