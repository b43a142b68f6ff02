"""What a loan looks like beside the other loans of its borrower: earlier ones still open, others of the same day.

One row per loan and application, in the order of the loans given. Never here: a limit; rules compare.
"""

from __future__ import annotations

import polars as pl

from connector.rules.columns import BANDS, OPEN
from connector.rules.knowledge import Facts

# Whose loan it is: the person in HR; a number that is not surely his is somebody by himself.
OWNER = pl.coalesce("person", pl.concat_str(pl.lit("?"), "employee"))


def beside_others(loans: pl.DataFrame, facts: Facts, employees: pl.DataFrame) -> pl.DataFrame:
    """The loans with `home_principal, owner_balance, certain_owner_balance, monthly_salary, asked_band, earlier_open,
    same_day_loans, same_day_total`.

    `loans`: `facts.loan` with `is_paid_out` and `is_application`; what is neither counts for no other loan.
    `employees`: the employee file.
    """
    people = employees.select(
        person="employee", owner_balance="balance", certain_owner_balance="certain_balance",
        monthly_salary="monthly_salary",
    )
    loans = loans.with_columns(
        owner=OWNER, day=pl.coalesce("lent_on", "applied_on"),
        home_principal=pl.when(pl.col("currency") == facts.currency).then(pl.col("principal")),
    ).join(people, on="person", how="left", validate="m:1")
    return _same_day(_earlier(loans, facts)).with_columns(asked_band=_asked_band())


def _earlier(loans: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """How many loans were paid out to the borrower on an earlier day and are open; sure only where all are known."""
    opened = loans.filter(pl.col("is_paid_out") & (pl.col("balance") > 0)).group_by("owner", "lent_on").len()
    counted = opened.sort("owner", "lent_on").select(
        "owner", open_on="lent_on", earlier_open=pl.col("len").cum_sum().over("owner").cast(pl.Int64)
    ).sort("open_on")
    keyed = loans.with_row_index("at").with_columns(
        before=pl.when("is_paid_out").then(pl.col("lent_on")).otherwise(pl.lit(facts.as_of).dt.offset_by("1d"))
    ).sort("before")
    joined = keyed.join_asof(
        counted, left_on="before", right_on="open_on", by="owner", strategy="backward", allow_exact_matches=False,
        check_sortedness=False,
    ).sort("at").drop("at", "before", "open_on")
    doubted = facts.doubt["person"].implode()
    is_sure = pl.lit(OPEN in facts.complete) & ~pl.col("person").is_in(doubted).fill_null(True)
    return joined.with_columns(
        earlier_open=pl.when(pl.col("earlier_open").is_not_null()).then(pl.col("earlier_open")).when(is_sure).then(0)
    )


def _same_day(loans: pl.DataFrame) -> pl.DataFrame:
    """Loans of one borrower, day, purpose and currency; in a foreign one their sum is not known here."""
    group = ["owner", "day", "currency", pl.col("purpose").fill_null("")]
    counts = pl.col("day").is_not_null() & (pl.col("is_paid_out") | pl.col("is_application").fill_null(False))
    amounts = pl.when(counts).then(pl.col("home_principal"))
    is_home = pl.col("home_principal").is_not_null()
    return loans.with_columns(
        same_day_loans=pl.when(counts).then(counts.sum().over(group)).otherwise(1).cast(pl.Int64),
        same_day_total=pl.when(counts & is_home).then(amounts.sum().over(group)).otherwise(pl.col("home_principal")),
    )


def _asked_band() -> pl.Expr:
    """The borrower's balance together with this loan, as a share of his salary; words as in `columns.BANDS`."""
    total, salary = pl.col("owner_balance") + pl.col("home_principal"), pl.col("monthly_salary")
    return band_of(total, salary)


def band_of(total: pl.Expr, salary: pl.Expr) -> pl.Expr:
    """A sum as a share of the monthly salary, in bands (`columns.BANDS`)."""
    none, half, whole, double, more, unknown = (pl.lit(word) for word in BANDS)
    return (
        pl.when(total == 0).then(none)
        .when(total.is_null() | salary.is_null() | (salary <= 0)).then(unknown)
        .when(total * 100 <= salary * 50).then(half)
        .when(total <= salary).then(whole)
        .when(total <= salary * 2).then(double)
        .otherwise(more)
    )
