"""What every adapter promises: four verbs over sockets, files or databases. No product is named here.

`check` → staged findings with a way to mend; `pull` → pages of raw text rows; `observe` → marks as they stand;
`push` → one action, a receipt. The caller maps raw rows, decides, keeps intents and reads back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

import polars as pl

from connector.model.plan import Action

# Where the balance of a loan comes from: finance keeps it per loan (`open_item`); pay-outs less what was repaid
# (`payout`, `repayment`); the account of the person (`balance`), given to his loans in the order they were lent.
Route = Literal["open_items", "bills", "ledger"]


class Clock(Protocol):
    """Wall clock for instants and tokens, monotonic for ages; injected, so that tests own time."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class Setting:
    """What an adapter is told of the company it works for."""

    connection: str  # name of the connection; becomes `system` in every row
    currency: str
    zone: ZoneInfo
    clock: Clock
    overlay: str = ""  # the company's mapping of this product, YAML; "" = none


@dataclass(frozen=True)
class Reject:
    """A raw row put aside. `key` = the employee or record number if it could be read, else ""."""

    stream: str
    ref: str
    key: str
    reason: str  # a code of the text catalog
    found: str  # what stood there, shortened; never a secret
    payload: str = ""
    field: str = ""  # of the mapping, where one field is to blame
    expected: str = ""  # a word of the text catalog, or as it is


@dataclass(frozen=True)
class End:
    """How the end of a stream was proved. `expected` = the source's own count, where it has one."""

    how: Literal["empty_page", "vendor_end", "cursor_exhausted"]
    expected: int | None = None
    beyond_reach: str = ""  # why older records cannot be listed at all, a code
    bookmark: str = ""  # where a next pull of what changed may begin; opaque


@dataclass(frozen=True)
class Page:
    """One page: `rows` is a frame of text columns (raw field names); the last page carries `end`.

    `lacks`: fields of the mapping that this company does not have over there, so that their absence means nothing.
    `ignored`: lines that are no records (totals, blanks, headings), reason → how many; they count as neither.
    `touched`: only what changed is pulled, and these records did: their refs (that of an entry is its record's, `#` and
    a number), of those too that are not delivered any more. Without it, everything is pulled.
    """

    rows: pl.DataFrame
    cursor: str
    rejects: tuple[Reject, ...] = ()
    end: End | None = None
    lacks: frozenset[str] = frozenset()
    ignored: Mapping[str, int] = field(default_factory=dict)
    touched: pl.Series | None = None


@dataclass(frozen=True)
class Since:
    """What the caller already holds: `closed` refs need not be fetched again; `only` limits to these keys.

    `only` holds employee numbers as the system writes them for finance and HR streams, record refs for OA ones.
    `bookmark`: what changed since that pull is enough; an adapter that cannot tell pulls everything.
    `numbers`: user over there → employee number, as an earlier pull told it; need not be asked for again.
    `first`: employee numbers to be read before all others, where not everybody's rows can be read in a day.
    """

    as_of: date
    closed: frozenset[str] = frozenset()
    only: tuple[str, ...] | None = None
    bookmark: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """One stage of `check`: reach, login, permission, fields, clock. `mend` is a code of the text catalog,
    beside a stage that passed an advice."""

    stage: str
    passed: bool
    found: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Receipt:
    """What is known after a push. Unknown is read back before anything else is done."""

    outcome: Literal["landed", "refused", "unknown"]
    detail: str = ""


@dataclass(frozen=True)
class SinkKind:
    """How one kind of mark is written: `append` lands at most `landing_s` seconds after the socket closed.

    `keys`: the keys of a content that can be carried, every one of them always there; () = all. `stays`: nobody can
    take it away again, a newer one only counts instead of it.
    """

    kind: str
    write: Literal["upsert", "append"]
    landing_s: float = 0.0
    keys: tuple[str, ...] = ()
    stays: bool = False


@dataclass(frozen=True)
class Manifest:
    """What a product can do. Asked by capability, never by name."""

    adapter: str
    title: dict[str, str]  # language → name
    roles: tuple[str, ...]  # finance, oa, hr
    streams: tuple[str, ...]
    sinks: tuple[SinkKind, ...] = field(default=())
    closes: tuple[str, ...] = ()  # streams whose closed records are left out when the caller holds them
    proves_end_by: str = "empty_page"
    strength: str = "none"  # strength of a hold
    incremental: tuple[str, ...] = ()  # streams that can be pulled since a bookmark
    full_every_days: int = 1  # after so many days everything is pulled again
    route: Route = "open_items"  # finance: where the balance of a loan comes from

    def sink(self, kind: str) -> SinkKind | None:
        return next((sink for sink in self.sinks if sink.kind == kind), None)


class Adapter(Protocol):
    """One company's account in one product."""

    manifest: Manifest

    def check(self) -> list[Check]:
        """Staged: stops at the first stage that fails. Writes nothing."""
        ...

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """Pages of raw rows. Raises ConnectorError kinds; a stream without a final `end` is incomplete."""
        ...

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """Marks of a kind as they stand, canonical table `mark`; `refs` None = all that can stand."""
        ...

    def push(self, action: Action, text: str) -> Receipt:
        """Write one action; `text` is the rendered sentence for people who read it over there."""
        ...

    def close(self) -> None: ...
