"""Pull: every stream of every connection, mapped to canonical rows and staged, with its proof.

Fetched = staged + rejected, always. A stream is complete only when its end was proved; whatever goes wrong makes it
incomplete with a cause and stops nothing else. Connections are pulled side by side, the streams of one in turn.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from connector.adapters.contract import End, Page, Reject, Since
from connector.errors import AuthError, ConnectorError
from connector.mappings.table import HASHED, BadRow, Context, map_rows
from connector.model.tables import empty
from connector.rules.columns import ATTENDANCE
from connector.store.audit import read_setting, settle_setting
from connector.store.database import Store
from connector.store.snapshots import last_complete
from connector.sync.connections import Connection, Desk
from connector.sync.increments import Base, base_of, fingerprint_of, mapped_as, merged
from connector.sync.pressing import people_first
from connector.sync.remembering import Memory, memory_of

# Streams in which a key stands once; twice, and one of the two rows answers for somebody else.
_KEYED_ONCE = ("person", "open_item", "balance", "exit")

# Under this key a look names the exits that are known to be of others.
EXITS_OF_OTHERS = "exits of others"

# Totals say nothing about one person.
_NOT_FOR_A_LOOK = ("control",)
# Streams about people, keyed by their number in HR whoever delivers them.
OF_PEOPLE = ("employee", "appraisal_month", ATTENDANCE, "signal")

# Columns whose text nobody is shown, not even where it cannot be read.
_CONFIDENTIAL = frozenset({"monthly_salary", "mobile", "mobile_hash", "id_hash"})

# The company's salt for hashes of identity and mobile numbers: 256 bits, as the hash has.
_SALT, _SALT_BYTES = "id_salt", 32


@dataclass(frozen=True)
class Stream:
    """One stream as it was read tonight."""

    system: str
    name: str
    rows: pl.DataFrame
    rejects: tuple[dict[str, str], ...] = ()
    complete: bool = False
    cause: str = ""
    beyond_reach: str = ""
    fetched: int = 0
    control: dict[str, str] = field(default_factory=dict)
    sha256: str = ""
    lacks: frozenset[str] = frozenset()  # canonical columns that the company does not have over there
    ignored: Mapping[str, int] = field(default_factory=dict)  # lines that are no records: reason → how many
    bookmark: str = ""  # where the next read may begin, "" = nobody can tell
    full_on: date | None = None  # business date on which all of it was read
    since: datetime | None = None  # only what changed since this moment was read; None = everything
    rests_on: tuple[str, ...] = ()  # streams it was worked out from; () = it was read as it is
    balances: pl.DataFrame | None = None  # `employee, currency, amount` that its rows should add up to, where known

    def proof(self) -> dict[str, Any]:
        """As in proof.json."""
        refs = self.rows["ref"] if self.rows.height else None
        return {
            "system": self.system, "stream": self.name, "rows": self.fetched, "staged": self.rows.height,
            "rejected": len(self.rejects), "control_total": self.control or None, "complete": self.complete,
            "first_key": refs[0] if refs is not None else None, "last_key": refs[-1] if refs is not None else None,
            "sha256": self.sha256 or None, "cause": self.cause or None,
            "ignored": dict(self.ignored),
            "since": self.since.isoformat() if self.since else None,
        }


Streams = Mapping[str, Stream]


def read_company(desk: Desk, as_of: date, run: str, only: Mapping[str, tuple[str, ...]] | None) -> dict[str, Stream]:
    """Stream name → what was read, as it came. `only`: role → keys."""
    with ThreadPoolExecutor(max(1, len(desk.company.connections)), "pull") as pool:
        parts = pool.map(lambda c: _pull_connection(desk, c, as_of, run, only), desk.company.connections)
        return {stream.name: stream for part in parts for stream in part}


def is_left_to_the_night(connection: Connection, name: str) -> bool:
    """Whether a look takes what the last night read: totals, long histories, and people whom an OA keeps by users."""
    is_dear = name in connection.adapter.manifest.closes or (connection.role == "oa" and name in OF_PEOPLE)
    return name in _NOT_FOR_A_LOOK or is_dear


def _role_of(connection: Connection, name: str) -> str:
    return "hr" if name in OF_PEOPLE else connection.role


def _pull_connection(
    desk: Desk, connection: Connection, as_of: date, run: str, only: Mapping[str, tuple[str, ...]] | None
) -> list[Stream]:
    found: list[Stream] = []
    refused = ""
    for name in connection.adapter.manifest.streams:
        if only is not None and is_left_to_the_night(connection, name):
            continue
        if refused:  # a refused credential is not tried again
            found.append(Stream(connection.name, name, empty(connection.mappings[name].table), cause=refused))
            continue
        keys = None if only is None else only.get(_role_of(connection, name), ())
        skip: frozenset[str] = frozenset()
        if only is not None and name == "exit":  # a form cannot be asked for by its employee: look at all that is new
            keys, skip = None, frozenset(only.get(EXITS_OF_OTHERS, ()))
        if only is None:
            stream, refused = _pull_since(desk, connection, name, as_of, run)
        else:
            stream, refused = pull_stream(desk, connection, name, as_of, run, keys, skip)
        found.append(stream)
    return found


def pull_stream(
    desk: Desk, connection: Connection, name: str, as_of: date, run: str, keys: tuple[str, ...] | None,
    skip: frozenset[str] = frozenset(),
) -> tuple[Stream, str]:
    """One stream as a whole, and the cause if the credential was refused. `keys`: only these; `skip`: not these
    records."""
    memory = _memory(desk, connection, name, as_of, run) if keys is None else Memory()
    is_dear = name == ATTENDANCE and name in connection.adapter.manifest.closes
    first = people_first(desk) if is_dear else ()
    since = Since(as_of, skip | memory.closed, keys, numbers=memory.numbers, first=first)
    stream, refused = _read(desk, connection, name, since)
    if memory.rows is not None:
        rows = memory.beside(stream.rows)
        stream = replace(stream, rows=rows, fetched=rows.height + len(stream.rejects))
    return stream, refused


def _pull_since(
    desk: Desk, connection: Connection, name: str, as_of: date, run: str
) -> tuple[Stream, str]:
    """One stream of a night: what changed, put into what the last complete read left, or all of it."""
    base = base_of(desk, connection, name, as_of, run)
    if base is None:
        return pull_stream(desk, connection, name, as_of, run, None)
    return _read(desk, connection, name, Since(as_of, bookmark=base.bookmark), base)


def _read(
    desk: Desk, connection: Connection, name: str, since: Since, base: Base | None = None
) -> tuple[Stream, str]:
    """Pages to a stream, merged into the base where the adapter gave changes only."""
    reading = _Reading(desk, connection, name)
    end: End | None = None
    cause = refused = ""
    try:
        for page in connection.adapter.pull(name, since):
            reading.take(page)
            end = page.end or end
    except AuthError as error:
        cause = refused = error.record
    except ConnectorError as error:
        cause = error.record
    except Exception as error:  # a fault in one adapter must not end the night of the others
        cause = f"crashed: {type(error).__name__}"
    rows, touched = reading.rows(), reading.touched
    is_partial = base is not None and touched is not None
    if base is not None and touched is not None:
        rows = merged(base.rows, rows, touched)
    cause = cause or _doubtful(name, end, reading.fetched, rows)
    stream = Stream(
        connection.name, name, rows, tuple(reading.rejects), not cause, cause,
        end.beyond_reach if end else "", rows.height + len(reading.rejects), lacks=reading.lacks(),
        ignored=dict(reading.ignored),
        bookmark=end.bookmark if end else "", full_on=base.full_on if base and is_partial else since.as_of,
        since=base.seen_at if base and is_partial else None,
    )
    return stream, refused


def _doubtful(name: str, end: End | None, fetched: int, rows: pl.DataFrame) -> str:
    """Why a stream that was read without an error is not whole all the same, "" when it is."""
    if end is None:
        return "end_not_proved"
    if end.expected is not None and end.expected != fetched:
        return f"count_differs: {fetched} of {end.expected}"
    if name in _KEYED_ONCE and rows["ref"].is_duplicated().any():
        return f"repeated_key: {rows['ref'].filter(rows['ref'].is_duplicated())[0]}"
    return ""


def _salt(store: Store) -> bytes:
    """Drawn once for each company and kept in its store: without that, a hash says nothing about anybody."""
    return bytes.fromhex(settle_setting(store, _SALT, secrets.token_hex(_SALT_BYTES)))


class _Reading:
    """The pages of one stream on their way to canonical rows."""

    def __init__(self, desk: Desk, connection: Connection, name: str) -> None:
        self._mapping = connection.mappings[name]
        salt = _salt(desk.store) if any(f.kind in HASHED for f in self._mapping.fields) else b""
        self._context = Context(connection.name, desk.clock.now(), desk.company.currency, desk.company.zone, salt)
        self._progress, self._name = desk.progress, name
        self._hidden = frozenset(f.source or f.target for f in self._mapping.fields if f.target in _CONFIDENTIAL)
        self._frames: list[pl.DataFrame] = []
        self._lacks: set[str] = set()
        self.touched: pl.Series | None = None
        self.rejects: list[dict[str, str]] = []
        self.fetched = 0
        self.ignored: Counter[str] = Counter()

    def take(self, page: Page) -> None:
        frame, bad = map_rows(self._mapping, page.rows, self._context)
        self._frames.append(frame)
        self._lacks |= page.lacks
        self.ignored.update(page.ignored)
        if page.touched is not None:
            earlier = [] if self.touched is None else [self.touched]
            self.touched = pl.concat([*earlier, page.touched.cast(pl.String).alias("ref")])
        self.rejects += [_of_page(self._context.system, r) for r in page.rejects]
        self.rejects += [self._of_mapping(b) for b in bad]
        self.fetched += page.rows.height + len(page.rejects)
        self._progress(f"pull.{self._name}", self.fetched)

    def _of_mapping(self, bad: BadRow) -> dict[str, str]:
        return {
            "system": self._context.system, "stream": self._name, "ref": bad.ref, "key": bad.key,
            "reason": "unreadable" if bad.found else "missing", "field": bad.field,
            "found": "" if bad.field in self._hidden else bad.found, "expected": bad.expected,
        }

    def lacks(self) -> frozenset[str]:
        return frozenset(f.target for f in self._mapping.fields if f.source in self._lacks)

    def rows(self) -> pl.DataFrame:
        return pl.concat([empty(self._mapping.table), *self._frames])


def _of_page(system: str, reject: Reject) -> dict[str, str]:
    return {"system": system, "stream": reject.stream, "ref": reject.ref, "key": reject.key, "reason": reject.reason,
            "field": reject.field, "found": reject.found[:200], "expected": reject.expected}


def _memory(desk: Desk, connection: Connection, name: str, as_of: date, run: str) -> Memory:
    """What the last complete snapshot spares of a stream that is remembered: nothing where a row of it could not be
    read, or was mapped otherwise."""
    is_kept = name in connection.adapter.manifest.closes
    earlier = last_complete(desk.store, connection.name, name, run) if is_kept else None
    if earlier is None or earlier.rejected:
        return Memory()
    mapped = f"{earlier.sha256} {fingerprint_of(connection.mappings[name])}"
    if read_setting(desk.store, mapped_as(connection.name, name)) != mapped:
        return Memory()
    return memory_of(name, pl.read_parquet(earlier.path), as_of, desk.clock.now(), desk.company.zone)
