"""What other systems should know of a person: enrichment on finance's employees, briefs on loan applications. Pure.

Codes and numbers only; a salary is never among them, its share is a band. What is not known tonight leaves the value
that stands; nothing here depends on the business date alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from connector.model.plan import Content
from connector.reconcile.plan import Desired, Identity, Observed

# Keys that rest on the ledger: unknown while it is not sure what somebody owes.
_OF_LEDGER = frozenset({"open_loans", "oldest_open_on"})
# What an enrichment can hold, in the order of the employee file.
ENRICHMENT = ("status", "hired_on", "last_day", "department", "position", "open_loans", "oldest_open_on")
# What a brief holds.
BRIEF = (
    "position", "hired_on", "months_below", "loans", "open_loans", "balances", "asked", "currency", "limit", "share",
    "codes",
)


def enrichments(
    people: pl.DataFrame, keys: Sequence[str], observed: Mapping[Identity, Observed], target: str
) -> list[Desired]:
    """Marks for everybody whose record over there says something else.

    `people`: `number` (in finance), `employee` (in HR) and the columns of `ENRICHMENT`, one row per person who is
    surely linked and seen tonight. `keys`: what that record can carry.
    """
    wanted = [key for key in ENRICHMENT if key in keys]
    days = [pl.col(name).dt.to_string("%Y-%m-%d") for name in wanted if people.schema[name] == pl.Date]
    rows = people.with_columns(days).sort("number")
    found = []
    for number, employee, *values in rows.select("number", "employee", *wanted).iter_rows():
        standing = observed.get((target, "enrichment", number))
        before = (standing.content or {}) if standing is not None else {}
        content = dict(zip(wanted, (_plain(value) for value in values), strict=True))
        if content.get("open_loans", 0) is None:  # nobody knows what he owes: what stands is left
            content |= {key: before.get(key) for key in _OF_LEDGER if key in content}
        if content != {key: before.get(key) for key in wanted}:
            has_any = any(value is not None for value in content.values())
            found.append(Desired(target, "enrichment", number, employee, content if has_any else None))
    return found


def _plain(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else value


def briefs(applications: Iterable[Mapping[str, Any]], target: str, is_whole: bool) -> list[Desired]:
    """Marks on the approvals of loans that are asked for and not paid out yet.

    `applications`: rows with `ref` (of the approval), `employee`, `loan` and the keys of `BRIEF`. While not everything
    they rest on was read, or a borrower may owe more than is seen (`is_in_doubt`), what stands is left as it stands.
    """
    found = []
    for row in applications:
        content: Content = {key: row[key] for key in BRIEF}
        is_kept = not is_whole or bool(row["is_in_doubt"])
        found.append(Desired(target, "brief", row["ref"], row["employee"], content, keep=is_kept))
    return found
