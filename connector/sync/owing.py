"""What is owed, by the way of the company: open items as finance keeps them, or loans worked out from other streams.

Whoever asks gets the stream `open_item`, however it came about: complete only when everything it rests on is. What it
was worked out from names it in `rests_on`; rejects stay with the streams they came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from connector.mappings.owing import balances_by_bills, differing, loans_by_bills, loans_by_ledger
from connector.model.findings import FINDING_SCHEMA
from connector.model.values import decimal_text
from connector.sync.connections import Connection, Desk
from connector.sync.pull import Stream, Streams, pull_stream
from connector.sync.vanishing import DOUBT, facts_json

OPEN = "open_item"
# Way → the streams that the open loans are worked out from.
_RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "open_items": (), "bills": ("payout", "repayment"), "ledger": ("payout", "balance"),
}
# What only an open item says; a request may say it too.
_NOT_ON_BILLS = frozenset({"kind", "trip_start", "trip_end"})


def with_open_items(desk: Desk, streams: Streams) -> dict[str, Stream]:
    """The same streams, and `open_item` where the finance connection does not deliver it itself."""
    finance = desk.company.by_role("finance")
    if finance is None or OPEN in streams or not _RESTS_ON[finance.adapter.manifest.route]:
        return dict(streams)
    return {**streams, OPEN: replace(_worked_out(desk, finance, streams), rejects=())}


def read_open_items(
    desk: Desk, connection: Connection, as_of: date, run: str, keys: tuple[str, ...] | None
) -> dict[str, Stream]:
    """`open_item` as it is now, with all rejects of what it rests on, and those streams. `keys`: these employees."""
    names = _RESTS_ON[connection.adapter.manifest.route] or (OPEN,)
    read = {name: pull_stream(desk, connection, name, as_of, run, keys)[0] for name in names}
    return read if OPEN in read else {**read, OPEN: _worked_out(desk, connection, read)}


def owed_in_all(items: Stream) -> pl.DataFrame:
    """`currency, balance`: what the way says is owed, whether or not a loan carries it."""
    if items.balances is None:
        return items.rows.select("currency", "balance")
    return items.balances.select("currency", balance="amount")


def person_differences(items: Stream | None) -> pl.DataFrame:
    """`employee, currency, here, source` of people whose loans do not add up to their balance."""
    nothing = pl.DataFrame(schema={"employee": pl.String, "currency": pl.String, "here": pl.Int64, "source": pl.Int64})
    if items is None or items.balances is None or not items.complete:
        return nothing
    return differing(items.rows, items.balances)


def difference_doubt(differences: pl.DataFrame, by_number: pl.DataFrame) -> pl.DataFrame:
    """(person, reason) of everybody whose loans do not add up: he may owe more than his loans show."""
    named = differences.join(by_number, left_on="employee", right_on="number", how="left", validate="m:1")
    return named.select(
        person=pl.coalesce("person", "employee"), reason=pl.lit("person_difference")
    ).unique().cast(pl.Schema(DOUBT))


def difference_findings(differences: pl.DataFrame, by_number: Mapping[str, str], home: str) -> pl.DataFrame:
    """Findings `books.person_difference`: one a person and currency; one in another currency than `home` is named by
    both."""
    rows = []
    for number, currency, here, source in differences.iter_rows():
        person = by_number.get(number, number)
        amounts = {"here": here, "source": source, "difference": source - here}
        facts = facts_json(currency=currency, **{name: decimal_text(n, currency) for name, n in amounts.items()})
        subject = person if currency == home else f"{person}/{currency}"
        rows.append(("books.person_difference", "employee", subject, person, "hit", facts))
    return pl.DataFrame(rows, schema=FINDING_SCHEMA, orient="row").unique("subject", keep="first", maintain_order=True)


def _worked_out(desk: Desk, connection: Connection, streams: Streams) -> Stream:
    """`open_item` from the streams of the connection's way."""
    way = connection.adapter.manifest.route
    parts = {name: streams[name] for name in _RESTS_ON[way]}
    payouts, prefix = parts["payout"].rows, desk.company.payout_prefix
    if way == "bills":
        rows = loans_by_bills(payouts, parts["repayment"].rows, prefix)
        balances = balances_by_bills(payouts, parts["repayment"].rows)
    else:
        balances = parts["balance"].rows.select("employee", "currency", "amount")
        rows = loans_by_ledger(payouts, parts["balance"].rows, prefix)
    causes = [f"{name}: {_doubtful(part)}" for name, part in parts.items() if _doubtful(part)]
    rejects = tuple(reject for part in parts.values() for reject in part.rejects)
    lacks = _NOT_ON_BILLS | (parts["payout"].lacks & {"due_on"})
    return Stream(
        connection.name, OPEN, rows, rejects, not causes, "; ".join(causes), fetched=rows.height, lacks=lacks,
        since=min((part.since for part in parts.values() if part.since), default=None),
        rests_on=tuple(parts), balances=balances,
    )


def _doubtful(part: Stream) -> str:
    """Why nothing can be worked out from a stream, "" when it can. A row that came twice would count twice."""
    if not part.complete:
        return part.cause or "incomplete"
    twice = part.rows["ref"].filter(part.rows["ref"].is_duplicated())
    return f"repeated_key: {twice[0]}" if twice.len() else ""
