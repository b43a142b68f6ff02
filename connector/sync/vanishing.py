"""What an earlier night saw and a complete read of tonight does not show: vanished, never settled and never left.

And doubt: who may owe more than is seen, and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import polars as pl

from connector.model.findings import FINDING_SCHEMA, no_findings
from connector.model.values import decimal_text
from connector.store.findings import open_findings
from connector.store.snapshots import unjudged
from connector.sync.connections import Desk
from connector.sync.pull import Stream, Streams

DOUBT = {"person": pl.String, "reason": pl.String}
# Stream → what its rows are to a finding.
_WATCHED = (("employee", "employee"), ("open_item", "loan"))


def facts_json(**facts: Any) -> str:
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()


def streams_of_debt(streams: Streams) -> tuple[str, ...]:
    """The streams in which a row that was set aside may be a debt."""
    return ("open_item", *streams["open_item"].rests_on) if "open_item" in streams else ()


def rejected_keys(streams: Streams, *names: str) -> set[str]:
    """Keys of rows that were set aside: there, but unreadable."""
    return {reject["key"] for name in names if name in streams for reject in streams[name].rejects if reject["key"]}


def vanished_rows(desk: Desk, streams: Streams, by_number: Mapping[str, str], run: str) -> pl.DataFrame:
    """Findings `identity.vanished`: gone tonight, or gone since an earlier night and not back."""
    standing = [row for row in open_findings(desk.store).values() if row["rule"] == "identity.vanished"]
    found = [no_findings()]
    for name, over in _WATCHED:
        if name not in streams or not streams[name].complete:
            continue
        stream = streams[name]
        gone = [_row(row["subject"], over, row["employee"], orjson.loads(row["facts"]))
                for row in standing if row["over"] == over]
        gone += list(_gone_tonight(desk, stream, over, by_number, run))
        here = stream.rows.select("number").unique()
        frame = pl.DataFrame(gone, schema=FINDING_SCHEMA, orient="row").unique("subject", keep="first")
        found.append(frame.join(here, left_on="subject", right_on="number", how="anti"))
    return pl.concat(found)


def _gone_tonight(
    desk: Desk, stream: Stream, over: str, by_number: Mapping[str, str], run: str
) -> Iterator[tuple[str, ...]]:
    here = set(stream.rows["number"]) | {reject["key"] for reject in stream.rejects if over == "employee"}
    for earlier in unjudged(desk.store, stream.system, stream.name, run):
        before = pl.read_parquet(earlier.path).unique("number", keep="first")
        for row in before.filter(~pl.col("number").is_in(list(here))).iter_rows(named=True):
            if over == "employee":
                facts = {"status": row["status"], "name": row["name"]}
                yield _row(row["number"], over, row["number"], facts)
            else:
                facts = {"balance": decimal_text(row["balance"], row["currency"]), "currency": row["currency"]}
                yield _row(row["number"], over, by_number.get(row["employee"], row["employee"]), facts)


def _row(subject: str, over: str, employee: str, facts: dict[str, Any]) -> tuple[str, ...]:
    return ("identity.vanished", over, subject, employee, "hit", facts_json(**facts))


def doubt_rows(
    loans: pl.DataFrame, candidates: pl.DataFrame, approvals: pl.DataFrame, streams: Streams, vanished: pl.DataFrame,
    by_number: pl.DataFrame, employees: pl.DataFrame,
) -> pl.DataFrame:
    """(person, reason) for everybody who may owe more than is seen."""
    stray = loans.filter(pl.col("person").is_null() & (pl.col("balance") > 0)).select("number", "employee", "approval")
    parts = [stray.join(candidates, left_on="employee", right_on="number", how="inner").select(
        "person", reason=pl.lit("disputed_loan"))]
    forms = approvals.select("number", "employee").drop_nulls().unique()
    named = stray.select("approval").drop_nulls().join(forms, left_on="approval", right_on="number", how="inner")
    parts.append(named.join(employees.select("number"), left_on="employee", right_on="number", how="semi").select(
        person="employee", reason=pl.lit("disputed_loan")))
    keys = sorted(rejected_keys(streams, *streams_of_debt(streams)))
    rejected = pl.DataFrame({"number": keys}, schema={"number": pl.String}).join(by_number, on="number", how="left")
    parts.append(rejected.select(person=pl.coalesce("person", "number"), reason=pl.lit("rejected_loan")))
    owing = ~pl.col("facts").str.contains(r'"balance":"(-|0\.?0*")')
    lost = vanished.filter((pl.col("over") == "loan") & owing)
    parts.append(lost.select(person=pl.col("employee"), reason=pl.lit("vanished_loan")))
    return pl.concat([part.cast(pl.Schema(DOUBT)) for part in parts]).drop_nulls().unique().sort("person", "reason")


def dated_later(loans: pl.DataFrame, as_of: object) -> pl.DataFrame:
    """(person, reason) of open items that are booked already but dated after the business date."""
    later = loans.filter((pl.col("lent_on") > as_of) & (pl.col("balance") > 0) & pl.col("person").is_not_null())
    return later.select("person", reason=pl.lit("dated_later")).unique().cast(pl.Schema(DOUBT))
