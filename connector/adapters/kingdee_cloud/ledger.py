"""Two other reads of what is owed: each employee's balance on the account, and the sum of the open items.

The balance is the general ledger's own report with its rows per employee, opening balances included; it is believed
only when those rows add up to their account. Promises: amounts are exact. Never here: a loan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from connector.adapters.contract import End, Page
from connector.adapters.kingdee_cloud.control import COLUMNS, Report
from connector.adapters.kingdee_cloud.reading import Reader
from connector.errors import WireError
from connector.mappings.table import StreamMapping

BALANCE_COLUMNS = ("#ref", "account", "employee", "currency", "amount")
# Digits after the point that are kept while amounts are added up: more than any currency has.
_SCALE = 10


class Ledger:
    """Balances of the employees on the configured accounts, per currency."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def pages(self, as_of: date, only: tuple[str, ...] | None) -> Iterator[Page]:
        """A page per currency with a row per account and employee, then the end. `only`: these employees.

        WireError when the rows of an account's employees do not add up to the account: somebody's debt is then
        booked under nobody.
        """
        schema = dict.fromkeys(BALANCE_COLUMNS, pl.String)
        for key, code in self._report.currencies():
            people = self._of_people(as_of, key, code)
            mine = people if only is None else people.filter(pl.col("employee").is_in(only))
            rows = mine.select(
                pl.format("{}/{}/{}", "account", "employee", pl.lit(code)).alias("#ref"), "account", "employee",
                currency=pl.lit(code), amount=_plain("amount"),
            )
            if rows.height:
                yield Page(rows, rows["#ref"][-1])
        yield Page(pl.DataFrame(schema=schema), "", end=End("vendor_end"))

    def _of_people(self, as_of: date, currency: str, code: str) -> pl.DataFrame:
        """`account, employee, amount` of one currency. A row of an employee stands below that of his account."""
        rows = self._report.rows(as_of, currency, has_details=True)
        named = rows.with_columns(
            account=pl.when(_said("FBALANCEID")).then(pl.col("FBALANCEID").str.strip_chars()),
            employee=pl.when(_said("FDETAILNUMBER")).then(pl.col("FDETAILNUMBER").str.strip_chars()),
            amount=_exact("FENDDEBIT") - _exact("FENDCREDIT"),
        ).with_columns(pl.col("account").forward_fill())
        own = named.filter(pl.col("account").is_in(self._report.accounts))
        if own["amount"].null_count():
            raise WireError("found an amount that is not readable", place=self._report.place)
        people = own.filter(pl.col("employee").is_not_null()).select("account", "employee", "amount")
        if people.select("account", "employee").is_duplicated().any():
            raise WireError("found an employee twice on one account", place=self._report.place)
        self._must_add_up(people, own.filter(pl.col("employee").is_null() & _said("FBALANCEID")), code)
        return people

    def _must_add_up(self, people: pl.DataFrame, accounts: pl.DataFrame, code: str) -> None:
        booked = accounts.group_by("account").agg(booked=pl.col("amount").sum())
        shared = people.group_by("account").agg(shared=pl.col("amount").sum())
        both = booked.join(shared, on="account", how="full", coalesce=True, validate="1:1").with_columns(
            pl.col("booked", "shared").fill_null(0)
        )
        for account, total, named in both.filter(pl.col("booked") != pl.col("shared")).sort("account").iter_rows():
            raise WireError(
                f"account {account} holds {total:f} {code}, its employees {named:f}", place=self._report.place,
                mend="make the employee a required dimension of the account, and give every entry one",
            )


class OpenItemTotal:
    """The sum of the open items per currency: what balances out of the ledger are compared with."""

    def __init__(self, reader: Reader, mapping: StreamMapping) -> None:
        self._reader = reader
        self._sources = {field.target: str(field.source) for field in mapping.fields}

    def pages(self) -> Iterator[Page]:
        """One page with a row per currency, then the end; the open items are read to their proved end."""
        amount, currency = (pl.col(self._sources[name]).str.strip_chars() for name in ("balance", "currency"))
        read = [
            page.rows.select(currency=currency, amount=amount) for page in self._reader.pages("open_item", None)
        ]
        exact = pl.concat(read).with_columns(exact=_exact("amount"))
        if exact.filter(pl.col("exact").is_null() & pl.col("amount").is_not_null()).height:
            raise WireError("found an open amount that is not readable", place="kingdee_cloud AR_OtherRecAble")
        # An item without an amount owes nobody knows what: its person is in doubt elsewhere, the rest is compared.
        sums = exact.group_by("currency").agg(pl.col("exact").sum()).sort("currency")
        rows = sums.select(
            pl.format("AR_OtherRecAble/{}", "currency").alias("#ref"), account=pl.lit("AR_OtherRecAble"),
            currency="currency", amount=_plain("exact"),
        ).cast(dict.fromkeys(COLUMNS, pl.String))
        if rows.height:
            yield Page(rows, rows["#ref"][-1])
        yield Page(pl.DataFrame(schema=rows.schema), "", end=End("vendor_end", expected=rows.height))


def _said(name: str) -> pl.Expr:
    return (pl.col(name).str.strip_chars() != "").fill_null(False)


def _exact(name: str) -> pl.Expr:
    """`28,000.00` → a decimal; nothing there → 0 in a report; null when it is no number."""
    plain = pl.col(name).str.replace_all(",", "", literal=True).str.strip_chars()
    number = plain.str.contains(r"^[+-]?\d{1,15}(\.\d{1,20})?$")
    return pl.when(number).then(plain).when(plain == "").then(pl.lit("0")).str.to_decimal(scale=_SCALE)


def _plain(name: str) -> pl.Expr:
    """A decimal as text without the zeros that say nothing."""
    return pl.col(name).cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
