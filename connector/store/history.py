"""Loans and repayments of the time before, as one import left them; the next import takes their place as a whole."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import sqlalchemy as sa

from connector.model.tables import schema
from connector.store.bulk import insert_rows
from connector.store.database import Store
from connector.store.tables import opening_loan, opening_repayment

_LOAN = ("number", "employee", "kind", "purpose", "principal", "balance", "currency", "lent_on", "due_on", "approval")
_REPAYMENT = ("number", "loan", "employee", "paid_on", "amount", "currency", "method")


def keep_history(store: Store, loans: pl.DataFrame, repayments: pl.DataFrame, by: str, now: datetime) -> None:
    """`loans`, `repayments`: canonical rows. What an earlier import left is replaced, in one transaction."""
    with store.engine.begin() as conn:
        for table, columns, rows in ((opening_loan, _LOAN, loans), (opening_repayment, _REPAYMENT, repayments)):
            conn.execute(table.delete().where(table.c.company == store.company))
            stamped = {"company": store.company, "by": by, "at": now}
            insert_rows(conn, table, [{**stamped, **row} for row in rows.select(columns).iter_rows(named=True)])


def kept_history(store: Store) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Canonical `loan` and `repayment` rows; `seen_at` is the moment of their import, `ref` their number."""
    return (
        _rows(store, opening_loan, _LOAN, "loan"), _rows(store, opening_repayment, _REPAYMENT, "repayment"),
    )


def _rows(store: Store, table: sa.Table, columns: tuple[str, ...], canonical: str) -> pl.DataFrame:
    wanted = sa.select(table.c.at, *(table.c[name] for name in columns)).where(table.c.company == store.company)
    with store.engine.connect() as conn:
        found = [
            {**row, "ref": row["number"], "seen_at": row["at"]}
            for row in conn.execute(wanted.order_by(table.c.number)).mappings()
        ]
    return pl.DataFrame(found, schema=schema(canonical))
