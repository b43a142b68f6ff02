"""The risk flag on an employee: how it stands there and how it is set, changed and taken away.

Content is codes and a level; text and date travel along. Nothing is decided and nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from connector.adapters.contract import Setting
from connector.adapters.kingdee_cloud import wire
from connector.adapters.kingdee_cloud.connection import FlagFields
from connector.adapters.kingdee_cloud.reading import EMPLOYEES, between, both, chunks, keys, newest
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kit.paging import keyset
from connector.errors import RejectedError, WireError
from connector.model.plan import canonical, digest
from connector.model.tables import schema

RISK_FLAG = "risk_flag"


class RiskFlags:
    """Flags of one account."""

    def __init__(self, session: Session, fields: FlagFields, setting: Setting, page_rows: int) -> None:
        self._session, self._fields, self._setting, self._page_rows = session, fields, setting, page_rows

    def observed(self, refs: Sequence[str] | None) -> pl.DataFrame:
        """Table `mark`: a row for each employee (these numbers, or all) on whom anything is set."""
        marks: list[dict[str, object]] = []
        wanted = None if refs is None else set(refs)
        for where in self._filters(refs):
            for page in self._pages(where):
                found = [mark for row in page.iter_rows(named=True) if (mark := self._mark(row))]
                marks += [mark for mark in found if wanted is None or mark["ref"] in wanted]
        return pl.DataFrame(marks, schema=schema("mark"))

    def write(self, number: str, content: Mapping[str, object] | None, text: str, day: date) -> None:
        """Set the flag, or clear it (`content` None). RejectedError, UnknownOutcome, ... as the wire says."""
        place = f"kingdee_cloud {EMPLOYEES} {number}"
        body = wire.save_body(EMPLOYEES, {"FID": self._fid(number, place), **self._model(content, text, day)})
        self._session.call(
            wire.SAVE, body, lambda response: wire.read_save(response, place), is_write=True
        )

    def _model(self, content: Mapping[str, object] | None, text: str, day: date) -> dict[str, object]:
        names = self._fields
        if content is None:
            return {names.flag: False, names.codes: "", names.level: "", names.text: "", names.as_of: None}
        return {
            names.flag: True, names.codes: ",".join(_codes(content)),
            names.level: str(content.get("level") or ""), names.text: text, names.as_of: day.isoformat(),
        }

    def _fid(self, number: str, place: str) -> int:
        """The employee's record. RejectedError unless the number names exactly one."""
        found = self._session.rows(
            wire.Query(EMPLOYEES, ("FID", "FNumber"), f"FNumber={wire.quoted(number)}", limit=3)
        )
        exact = found.filter(pl.col("FNumber") == number)  # the other side does not tell capitals apart
        fids = exact["FID"].cast(pl.Int64, strict=False).drop_nulls().unique()
        if fids.len() != 1:
            raise RejectedError(f"found {fids.len()} employees of this number, expected one", place=place)
        return int(fids[0])

    def _filters(self, refs: Sequence[str] | None) -> Iterator[str]:
        if refs is None:
            yield f"{self._fields.flag}='1' or {self._fields.codes}<>''"
            return
        for numbers in chunks(tuple(refs)):
            yield wire.one_of("FNumber", numbers)

    def _pages(self, where: str) -> Iterator[pl.DataFrame]:
        """All rows of a filter, to the largest FID of this moment."""
        mark = newest(self._session, EMPLOYEES, where)
        names = ("FID", "FNumber", *self._fields.all)

        def after(last: int) -> pl.DataFrame:
            narrowed = both(where, between(last, mark))
            return self._session.rows(wire.Query(EMPLOYEES, names, narrowed, limit=self._page_rows))

        return keyset(after, keys, mark=mark, place=f"kingdee_cloud {EMPLOYEES}")

    def _mark(self, row: Mapping[str, str | None]) -> dict[str, object] | None:
        """One row as a mark, None when nothing is set. A half-set flag is a mark without codes: it
        differs from every wanted one, so it will be put right."""
        if row["FNumber"] is None:
            raise WireError("found an employee without a number", place=f"kingdee_cloud {EMPLOYEES}")
        is_set = _is_ticked(row[self._fields.flag])
        written = (row[self._fields.codes] or "").split(",")
        codes = sorted(code.strip() for code in written if code.strip())
        level = (row[self._fields.level] or "").strip()
        if not is_set and not codes:
            return None
        is_whole = is_set and bool((row[self._fields.text] or "").strip())
        content = {"codes": codes if is_whole else [], "level": level}
        return {
            "system": self._setting.connection, "ref": row["FNumber"], "seen_at": self._setting.clock.now(),
            "kind": RISK_FLAG, "digest": digest(content), "content": canonical(content).decode(),
        }


def _codes(content: Mapping[str, object]) -> list[str]:
    codes = content.get("codes")
    return sorted(str(code) for code in codes) if isinstance(codes, (list, tuple)) else []


def _is_ticked(text: str | None) -> bool:
    return (text or "").strip().lower() in ("true", "1")
