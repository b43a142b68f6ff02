"""The control total: what the general ledger's own report says is outstanding on the configured accounts.

A different read than the open items it is compared with: the server adds it up from vouchers, posted or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

import polars as pl

from connector.adapters.contract import End, Page
from connector.adapters.kingdee_cloud import wire
from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kingdee_cloud.session import Session
from connector.errors import WireError

REPORT = "GL_RPT_AccountBalance"
_PLACE = f"kingdee_cloud {REPORT}"
COLUMNS = ("#ref", "account", "currency", "amount")
# What stands on the account at the end of the period, in the currency the report was asked for; and on whose.
_FIELDS = ("FBALANCEID", "FENDDEBIT", "FENDCREDIT")
_DETAIL = "FDETAILNUMBER"
# Rows a page; a report of one period has a row an account, and where asked for one an employee below it.
_ROWS = 10_000


class Report:
    """The account balance report of the configured accounts, at the end of the period of a day."""

    place = _PLACE

    def __init__(self, session: Session, form: KingdeeForm) -> None:
        self._session, self._form = session, form
        self.accounts = form.accounts

    def currencies(self) -> list[tuple[str, str]]:
        """Key and ISO code of every currency of the account."""
        query = wire.Query("BD_Currency", ("FCURRENCYID", "FCODE"), order="FCURRENCYID ASC")
        rows = self._session.rows(query).rows()
        found = [(key, code.strip()) for key, code in rows if key and code and code.strip()]
        if not found:
            raise WireError("found no currency; without one nothing can be asked of the ledger", place=_PLACE)
        return found

    def rows(self, as_of: date, currency: str, *, has_details: bool = False) -> pl.DataFrame:
        """All rows in one currency as text. WireError when they are not as many as the report itself counts."""
        fields = (*_FIELDS, _DETAIL) if has_details else _FIELDS
        year, period = str(as_of.year), str(as_of.month)
        model: dict[str, object] = {
            "FACCTBOOKID": {"FNumber": self._form.account_book}, "FCURRENCY": currency,
            "FSTARTYEAR": year, "FSTARTPERIOD": period, "FENDYEAR": year, "FENDPERIOD": period,
            "FBALANCELEVEL": str(max(account.count(".") + 1 for account in self._form.accounts)),
            "FSHOWDETAIL": has_details, "FNOTPOSTVOUCHER": True,
        }
        pages: list[pl.DataFrame] = []
        read, expected = 0, None
        while not pages or (pages[-1].height and expected is not None and read < expected):
            page, expected = self._page(fields, model, read)
            pages.append(page)
            read += page.height
        if read != expected and (expected is not None or read >= _ROWS):
            raise WireError(f"found {read} rows, the report counts {expected}", place=_PLACE)
        return pl.concat(pages)

    def _page(
        self, fields: tuple[str, ...], model: dict[str, object], start: int
    ) -> tuple[pl.DataFrame, int | None]:
        """Rows after the first `start`, and how many there are in all; None where the server does not count."""
        body = wire.report_body(REPORT, fields, model, wire.Window(start, _ROWS))
        return self._session.call(wire.REPORT, body, lambda response: wire.read_report(response, fields, _PLACE))


class Control:
    """Balances of the configured accounts, per currency."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def pages(self, as_of: date) -> Iterator[Page]:
        """One page with a row per account and currency, then the end. An empty account may have no row."""
        found: list[dict[str, str]] = []
        for key, code in self._report.currencies():
            for account, amount in self._balances(as_of, key).items():
                row = (f"{account}/{code}", account, code, f"{amount:f}")
                found.append(dict(zip(COLUMNS, row, strict=True)))
        schema = dict.fromkeys(COLUMNS, pl.String)
        if found:
            yield Page(pl.DataFrame(found, schema=schema), found[-1]["#ref"])
        yield Page(pl.DataFrame(schema=schema), "", end=End("vendor_end", expected=len(found)))

    def _balances(self, as_of: date, currency: str) -> dict[str, Decimal]:
        """Account → debit minus credit at the end of the period that `as_of` lies in."""
        found: dict[str, Decimal] = {}
        for account, debit, credit in self._report.rows(as_of, currency).rows():
            if account not in self._report.accounts:
                continue
            if account in found:
                raise WireError(f"found account {account} twice", place=_PLACE)
            found[account] = _decimal(debit) - _decimal(credit)
        return found


def _decimal(text: str | None) -> Decimal:
    """`28,000.00` → 28000.00; nothing there → 0. WireError for what is no number."""
    plain = (text or "").replace(",", "").strip()
    try:
        found = Decimal(plain or "0")
    except InvalidOperation:
        raise WireError("found an amount that is not readable", place=_PLACE) from None
    if not found.is_finite():
        raise WireError("found an amount that is not readable", place=_PLACE)
    return found
