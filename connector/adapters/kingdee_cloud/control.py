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
# What stands on the account at the end of the period, in the currency the report was asked for.
_FIELDS = ("FBALANCEID", "FENDDEBIT", "FENDCREDIT")
# A report of one period has a row an account; this is far from it.
_ROWS = 10_000


class Control:
    """Balances of the configured accounts, per currency."""

    def __init__(self, session: Session, form: KingdeeForm) -> None:
        self._session, self._form = session, form

    def pages(self, as_of: date) -> Iterator[Page]:
        """One page with a row per account and currency, then the end. An empty account may have no row."""
        found: list[dict[str, str]] = []
        for key, code in self._currencies():
            for account, amount in self._balances(as_of, key).items():
                row = (f"{account}/{code}", account, code, f"{amount:f}")
                found.append(dict(zip(COLUMNS, row, strict=True)))
        schema = dict.fromkeys(COLUMNS, pl.String)
        if found:
            yield Page(pl.DataFrame(found, schema=schema), found[-1]["#ref"])
        yield Page(pl.DataFrame(schema=schema), "", end=End("vendor_end", expected=len(found)))

    def _currencies(self) -> list[tuple[str, str]]:
        """Key and ISO code of every currency of the account."""
        query = wire.Query("BD_Currency", ("FCURRENCYID", "FCODE"), order="FCURRENCYID ASC")
        rows = self._session.rows(query).rows()
        found = [(key, code.strip()) for key, code in rows if key and code and code.strip()]
        if not found:
            raise WireError("found no currency; without one nothing can be asked of the ledger", place=_PLACE)
        return found

    def _balances(self, as_of: date, currency: str) -> dict[str, Decimal]:
        """Account → debit minus credit at the end of the period that `as_of` lies in."""
        year, period = str(as_of.year), str(as_of.month)
        model: dict[str, object] = {
            "FACCTBOOKID": {"FNumber": self._form.account_book}, "FCURRENCY": currency,
            "FSTARTYEAR": year, "FSTARTPERIOD": period, "FENDYEAR": year, "FENDPERIOD": period,
            "FBALANCELEVEL": str(max(account.count(".") + 1 for account in self._form.accounts)),
            "FSHOWDETAIL": False, "FNOTPOSTVOUCHER": True,
        }
        rows = self._session.call(
            wire.REPORT, wire.report_body(REPORT, _FIELDS, model, _ROWS),
            lambda response: wire.read_report(response, _FIELDS, _PLACE),
        )
        found: dict[str, Decimal] = {}
        for account, debit, credit in rows.rows():
            if account not in self._form.accounts:
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
