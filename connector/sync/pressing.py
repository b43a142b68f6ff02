"""Who is to be known first where not everybody can be read in one night: people who owe, and people who are leaving.

As the last night knew them: tonight's ledger is read side by side with what this is for. Never here: a judgement.
"""

from __future__ import annotations

import polars as pl

from connector.store.links import stored_links
from connector.store.snapshots import last_complete
from connector.sync.connections import Desk

# Stream → whose row makes a person pressing.
_PRESSING = {"open_item": pl.col("balance") > 0, "exit": pl.col("state") == "running"}


def people_first(desk: Desk) -> tuple[str, ...]:
    """Numbers of people who, as was last known, owe or are leaving: sorted."""
    found: set[str] = set()
    for connection in desk.company.connections:
        for name, of_whom in _PRESSING.items():
            snapshot = last_complete(desk.store, connection.name, name)
            if snapshot is not None:
                rows = pl.read_parquet(snapshot.path).filter(of_whom)
                found |= set(rows["employee"].drop_nulls())
        linked = dict(stored_links(desk.store, connection.name).iter_rows())
        found |= {person for number, person in linked.items() if number in found}
    return tuple(sorted(found))
