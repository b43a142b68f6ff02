"""What changed since a bookmark: records by their FModifyDate, with an overlap, and the bookmark of the next read.

The bookmark is the newest change of each form before anything was read. Promises: a record that no longer counts is
named as touched, so that nobody goes on counting it; a bookmark of another account, filter or set of fields is none.
Never here: records that were deleted; nobody over there tells of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import polars as pl

from connector.adapters.kingdee_cloud import wire
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kit.paging import keyset
from connector.errors import WireError

MODIFIED = "FModifyDate"
# A record carries the moment at which it was saved, and is seen when the transaction ends: a long batch of the other
# side lands later with an earlier time. Read again so far back.
OVERLAP = timedelta(hours=1)


@dataclass(frozen=True)
class Asked:
    """How one form is asked for a stream: rows that count and the fields of them."""

    form_id: str
    where: str
    fields: tuple[str, ...]



class Changes:
    """Bookmarks of the forms of one `account` (any text that names it)."""

    def __init__(self, session: Session, page_rows: int, account: str) -> None:
        self._session, self._page_rows, self._account = session, page_rows, account

    def bookmark(self, forms: list[Asked]) -> str:
        """The newest change of each form now, "" where there is none."""
        marks = {form.form_id: {"at": self._newest(form.form_id), "of": self._asked_so(form)} for form in forms}
        return orjson.dumps(marks, option=orjson.OPT_SORT_KEYS).decode()

    def filters(self, bookmark: str, forms: list[Asked]) -> dict[str, str] | None:
        """Form → filter of what changed since, with the overlap; None when all of it has to be read."""
        marks = orjson.loads(bookmark) if bookmark else {}
        if any(marks.get(form.form_id, {}).get("of") != self._asked_so(form) for form in forms):
            return None
        return {form.form_id: _since(marks[form.form_id]["at"]) for form in forms}

    def touched(self, form_id: str, where: str) -> Iterator[pl.Series]:
        """FIDs, as text, of the form's changed records, those too that no longer count."""
        top = self._session.rows(wire.Query(form_id, ("FID",), where, order="FID DESC", limit=1))
        mark = int(top["FID"][0]) if top.height else 0

        def after(last: int) -> pl.DataFrame:
            bound = f"FID > {last} and FID <= {mark}" if mark else f"FID > {last}"
            narrowed = f"({where}) and ({bound})" if where else bound
            return self._session.rows(wire.Query(form_id, ("FID",), narrowed, limit=self._page_rows))

        for page in keyset(after, _keys, mark=mark, place=f"kingdee_cloud {form_id}"):
            yield page["FID"]

    def _asked_so(self, form: Asked) -> str:
        """A fingerprint of what is asked of whom."""
        return hashlib.sha256(repr((self._account, form.where, form.fields)).encode()).hexdigest()[:16]

    def _newest(self, form_id: str) -> str:
        query = wire.Query(form_id, (MODIFIED,), f"{MODIFIED}>'1900-01-01'", order=f"{MODIFIED} DESC", limit=1)
        rows = self._session.rows(query)
        return str(rows[MODIFIED][0]) if rows.height else ""


def _keys(rows: pl.DataFrame) -> pl.Series:
    return rows["FID"].cast(pl.Int64, strict=False)


def _since(at: str) -> str:
    """Filter: changed at this time, less the overlap, or later. A form without a change so far: everything."""
    if not at:
        return ""
    try:
        begin = datetime.fromisoformat(at) - OVERLAP
    except ValueError:
        raise WireError(f"found {MODIFIED} {at[:40]!r}, expected a date", place="kingdee_cloud") from None
    return f"{MODIFIED}>='{begin:%Y-%m-%d %H:%M:%S}'"
