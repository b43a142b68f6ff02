"""Finance's three documents become one loan: the request, the payment, the open item. Each is counted by itself.

A loan that is only an application has neither payment nor open item: `paid_on`, `lent_on` and `balance` are null and
its number is the request's. An open item finds its request by the loan number on the request, else by the payment that
names both.
"""

from __future__ import annotations

import polars as pl

from connector.model.tables import schema


def compose_loans(
    open_items: pl.DataFrame, payouts: pl.DataFrame, requests: pl.DataFrame, payout_prefix: str
) -> pl.DataFrame:
    """Canonical `loan` rows from canonical `open_item`, `payout` and `request` rows.

    `payout_prefix`: a payment's number is this text followed by the loan's number.
    """
    request = requests.unique("number", keep="first", maintain_order=True)
    by_loan = request.filter(pl.col("loan").is_not_null()).unique("loan", keep="first", maintain_order=True)
    paid_by = payouts.filter(pl.col("approval").is_not_null()).select(
        loan=pl.col("number").str.strip_prefix(payout_prefix), paid_approval="approval"
    ).unique("loan", keep="first", maintain_order=True)
    items = open_items.join(paid_by, left_on="number", right_on="loan", how="left").join(
        by_loan.select("loan", named=pl.col("number")), left_on="number", right_on="loan", how="left"
    ).with_columns(approval=pl.coalesce("paid_approval", "named"), is_allocated=pl.col("is_allocated").fill_null(False))
    details = request.select(
        "number", "kind", "purpose", "applied_on", "trip_start", "trip_end", "is_approved", "approved_on"
    )
    paid = items.join(details, left_on="approval", right_on="number", how="left", suffix="_asked").with_columns(
        [pl.coalesce(f"{name}_asked", name).alias(name) for name in ("kind", "purpose", "trip_start", "trip_end")]
    )
    taken = items.select(pl.col("approval")).drop_nulls().unique()
    waiting = request.join(taken, left_on="number", right_on="approval", how="anti").filter(
        ~pl.col("loan").is_in(open_items["number"].implode()).fill_null(False)
    ).with_columns(
        approval=pl.col("number"), number=pl.coalesce("loan", "number"), principal=pl.col("amount"),
        balance=pl.lit(None, pl.Int64), lent_on=pl.lit(None, pl.Date), due_on=pl.lit(None, pl.Date),
        is_allocated=pl.lit(False),
    ).filter(pl.col("principal").is_not_null() & pl.col("currency").is_not_null())
    paid_days = payouts.drop_nulls("approval").group_by("approval").agg(paid_on=pl.col("paid_on").min())
    columns = [pl.col(name).cast(dtype) for name, dtype in schema("loan").items()]
    named = (rows.join(paid_days, on="approval", how="left", validate="m:1") for rows in (paid, waiting))
    return pl.concat([rows.select(columns) for rows in named])
