"""A mark that is kept in fields of a record: how it stands there, and how it is set, changed and taken away.

The record is found by the employee's number; where the company gave marks a form of their own it is made when it is
first needed, never twice. Content is codes, dates and numbers; text and day travel along. Nothing is decided and
nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from connector.adapters.contract import Setting
from connector.adapters.kingdee_cloud import wire
from connector.adapters.kingdee_cloud.reading import between, both, chunks, keys, newest
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kit.paging import keyset
from connector.errors import RejectedError, WireError
from connector.model.plan import Content, canonical, digest
from connector.model.tables import schema

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Place:
    """Where marks of a kind stand: `form_id`, its field with the employee's number, and for a form of their own
    `is_own` and its reference to the employee ("" = it has none)."""

    form_id: str
    number: str
    is_own: bool = False
    employee: str = ""


class Shape(Protocol):
    """How one kind of mark lies in its fields."""

    kind: str

    @property
    def fields(self) -> tuple[str, ...]: ...

    @property
    def where_any(self) -> str:
        """Filter: records on which something stands."""
        ...

    def model(self, content: Content | None, text: str, day: date) -> dict[str, object]:
        """Fields as they are saved; content None = all of them empty."""
        ...

    def content(self, row: Row) -> Content | None:
        """What stands, None when nothing does. A mark that is half set differs from every wanted one."""
        ...


class FieldMarks:
    """Marks of one kind in one account."""

    def __init__(
        self, session: Session, place: Place, shape: Shape, setting: Setting, page_rows: int
    ) -> None:
        self._session, self._at, self._shape = session, place, shape
        self._setting, self._page_rows = setting, page_rows

    def observed(self, refs: Sequence[str] | None) -> pl.DataFrame:
        """Table `mark`: a row for each employee (these numbers, or all) on whom anything is set."""
        found: dict[str, dict[str, object]] = {}
        wanted = None if refs is None else set(refs)
        for where in self._filters(refs):
            for page in self._pages(where):
                for row in page.iter_rows(named=True):
                    self._see(row, wanted, found)
        return pl.DataFrame(list(found.values()), schema=schema("mark"))

    def write(self, number: str, content: Content | None, text: str, day: date) -> None:
        """Set the mark, or clear it (`content` None). RejectedError, UnknownOutcome, ... as the wire says.

        May be repeated: the record is looked for first, and the other side keeps a number once.
        """
        place = f"kingdee_cloud {self._at.form_id} {number}"
        fid = self._fid(number, place)
        fields = self._shape.model(content, text, day)
        if fid is not None:
            self._save({"FID": fid, **fields}, place)
        elif not self._at.is_own:
            raise RejectedError("found 0 employees of this number, expected one", place=place)
        elif content is not None:
            self._make(number, fields, place)

    def _make(self, number: str, fields: dict[str, object], place: str) -> None:
        """A new record. Refused because one has landed meanwhile, whose answer was lost: that one is changed."""
        reference = {self._at.employee: {"FNumber": number}} if self._at.employee else {}
        try:
            self._save({"FID": 0, self._at.number: number, **reference, **fields}, place)
        except RejectedError:
            fid = self._fid(number, place)
            if fid is None:
                raise
            self._save({"FID": fid, **fields}, place)

    def _save(self, model: dict[str, object], place: str) -> None:
        body = wire.save_body(self._at.form_id, model)
        self._session.call(wire.SAVE, body, lambda response: wire.read_save(response, place), is_write=True)

    def _fid(self, number: str, place: str) -> int | None:
        """The record of this number. RejectedError where it names more than one."""
        names = ("FID", self._at.number)
        found = self._session.rows(
            wire.Query(self._at.form_id, names, f"{self._at.number}={wire.quoted(number)}", limit=3)
        )
        exact = found.filter(pl.col(self._at.number) == number)  # the other side does not tell capitals apart
        fids = exact["FID"].cast(pl.Int64, strict=False).drop_nulls().unique()
        if fids.len() > 1:
            raise RejectedError(f"found {fids.len()} records of this number, expected one", place=place)
        return int(fids[0]) if fids.len() else None

    def _filters(self, refs: Sequence[str] | None) -> Iterator[str]:
        if refs is None:
            yield self._shape.where_any
            return
        for numbers in chunks(tuple(refs)):
            yield wire.one_of(self._at.number, numbers)

    def _pages(self, where: str) -> Iterator[pl.DataFrame]:
        """All rows of a filter, to the largest FID of this moment."""
        form_id = self._at.form_id
        mark = newest(self._session, form_id, where)
        names = ("FID", self._at.number, *self._shape.fields)

        def after(last: int) -> pl.DataFrame:
            narrowed = both(where, between(last, mark))
            return self._session.rows(wire.Query(form_id, names, narrowed, limit=self._page_rows))

        return keyset(after, keys, mark=mark, place=f"kingdee_cloud {form_id}")

    def _see(self, row: Row, wanted: set[str] | None, found: dict[str, dict[str, object]]) -> None:
        """Add what stands on one record. A number on two records is half set on both: no content is its."""
        number = row[self._at.number]
        if number is None:
            raise WireError("found a record without a number", place=f"kingdee_cloud {self._at.form_id}")
        content = self._shape.content(row)
        if content is None or (wanted is not None and number not in wanted):
            return
        shown = {} if number in found else content
        found[number] = {
            "system": self._setting.connection, "ref": number, "seen_at": self._setting.clock.now(),
            "kind": self._shape.kind, "digest": digest(shown), "content": canonical(shown).decode(),
        }


def plain(text: str | None) -> str:
    return (text or "").strip()


def is_ticked(text: str | None) -> bool:
    return plain(text).lower() in ("true", "1")
