"""What is owed on each loan where no open item says it: from the bills, or from the balance of the person's account.

A loan's own balance is what was paid out less what names it; the rest is taken from a person's loans in the order in
which they were lent. Promises: no currency meets another; what no loan can carry is not lost, it is a difference of
that person. Never here: whose number is whose, or which of the ways a company goes.
"""

from __future__ import annotations

import polars as pl

from connector.model.tables import schema

# A debt is a person's in one currency.
_OWNER = ("employee", "currency")


def loans_by_bills(payouts: pl.DataFrame, repayments: pl.DataFrame, payout_prefix: str) -> pl.DataFrame:
    """Canonical `open_item` rows from `payout` and `repayment` rows.

    A repayment that names no loan of its person, or a loan that nobody paid out, settles the oldest loans first.
    `payout_prefix`: a payment's number is this text followed by the loan's number.
    """
    loans = _paid_out(payouts, payout_prefix)
    names = ["loan", *_OWNER]
    named = repayments.group_by(names).agg(repaid=pl.col("amount").sum())
    own = loans.join(named, left_on=["number", *_OWNER], right_on=names, how="left", validate="1:1").with_columns(
        balance=pl.col("principal") - pl.col("repaid").fill_null(0)
    )
    stray = repayments.join(loans, left_on=names, right_on=["number", *_OWNER], how="anti")
    return _settled_in_order(own, stray.group_by(_OWNER).agg(rest=pl.col("amount").sum()))


def loans_by_ledger(payouts: pl.DataFrame, balances: pl.DataFrame, payout_prefix: str) -> pl.DataFrame:
    """Canonical `open_item` rows from `payout` rows and the `balance` rows of the ledger.

    What was paid out and is not owed any more was repaid, and settled the oldest loans first. Where more is owed than
    was paid out, every loan is open in full, and the person differs.
    """
    loans = _paid_out(payouts, payout_prefix)
    owed = balances.group_by(_OWNER).agg(owed=pl.col("amount").sum())
    lent = loans.group_by(_OWNER).agg(lent=pl.col("principal").sum())
    rest = lent.join(owed, on=_OWNER, how="left", validate="1:1").select(
        *_OWNER, rest=(pl.col("lent") - pl.col("owed").fill_null(0)).clip(lower_bound=0)
    )
    return _settled_in_order(loans, rest)


def balances_by_bills(payouts: pl.DataFrame, repayments: pl.DataFrame) -> pl.DataFrame:
    """`employee, currency, amount`: paid out less repaid, whether or not a loan carries it."""
    signed = [payouts.select(*_OWNER, "amount"), repayments.select(*_OWNER, amount=-pl.col("amount"))]
    return pl.concat(signed).group_by(_OWNER).agg(pl.col("amount").sum())


def differing(loans: pl.DataFrame, balances: pl.DataFrame) -> pl.DataFrame:
    """`employee, currency, here, source` of everybody whose loans (`here`) do not add up to his balance (`source`)."""
    here = loans.group_by(_OWNER).agg(here=pl.col("balance").sum())
    there = balances.group_by(_OWNER).agg(source=pl.col("amount").sum())
    both = here.join(there, on=_OWNER, how="full", coalesce=True, validate="1:1").with_columns(
        pl.col("here", "source").fill_null(0)
    )
    return both.filter(pl.col("here") != pl.col("source")).sort(_OWNER)


def _paid_out(payouts: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """One `open_item` row a loan, with everything still owed: a loan may have been paid out in parts."""
    parts = payouts.with_columns(pl.col("number").str.strip_prefix(prefix)).sort("paid_on", "ref")
    loans = parts.group_by("number", *_OWNER, maintain_order=True).agg(
        pl.col("system", "ref", "seen_at").first(), principal=pl.col("amount").sum(),
        lent_on=pl.col("paid_on").first(), due_on=pl.col("due_on").max(),
    ).with_columns(balance=pl.col("principal"), is_allocated=pl.lit(False))
    wanted = schema("open_item")
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in wanted.items() if name not in loans.columns]
    return loans.with_columns(missing).select(list(wanted))


def _settled_in_order(loans: pl.DataFrame, rests: pl.DataFrame) -> pl.DataFrame:
    """Take each owner's `rest` from his loans, the first lent first; what is too much stands on the last one, as a
    negative balance. `is_allocated` where it could as well have been another loan of his."""
    ordered = loans.join(rests, on=_OWNER, how="left", validate="m:1").sort("lent_on", "number", "ref")
    rest, is_open = pl.col("rest").fill_null(0), pl.col("balance").clip(lower_bound=0)
    before = is_open.cum_sum().over(_OWNER) - is_open
    taken = pl.min_horizontal((rest - before).clip(lower_bound=0), is_open)
    too_much = (rest - is_open.sum().over(_OWNER)).clip(lower_bound=0)
    is_last = pl.int_range(pl.len()).over(_OWNER) == pl.len().over(_OWNER) - 1
    return ordered.with_columns(
        balance=pl.col("balance") - taken - pl.when(is_last).then(too_much).otherwise(0),
        is_allocated=(rest != 0) & (pl.len().over(_OWNER) > 1),
    ).select(list(schema("open_item")))
