"""From forms to streams: which form feeds which stream, which rows count, and how they are read to the end.

A page ends here as raw text under the mapping's own field names. What a field means is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from connector.adapters.contract import End, Page
from connector.adapters.kingdee_cloud import wire
from connector.adapters.kingdee_cloud.changes import Asked, Changes
from connector.adapters.kingdee_cloud.connection import EMPLOYEES
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kingdee_cloud.wire import Query, one_of
from connector.adapters.kit.paging import grouped_keyset, keyset
from connector.errors import ConfigError, WireError
from connector.mappings.table import StreamMapping

# Sources of a ref that name the record: its key, or form and key together.
_OWN_KEY, _REF = "FID", "#ref"
# Numbers in one filter: keeps the text of a filter near 2 kB.
CHUNK = 100
# Approved documents whose contact is an employee. The other side keeps a check box as '0' or '1'.
_CONTACT = "FCONTACTUNIT.FNumber"
_APPROVED_OF_EMPLOYEES = "FDOCUMENTSTATUS='C' and FCONTACTUNITTYPE='BD_Empinfo'"


@dataclass(frozen=True)
class Form:
    """`grain`: a row a record; a row an entry, with its own money; a record repeated by entries."""

    form_id: str
    where: str
    employee: str
    grain: Literal["record", "entry", "repeated"] = "record"


FORMS: Mapping[str, tuple[Form, ...]] = {
    "person": (Form(EMPLOYEES, "", "FNumber"),),
    "open_item": (Form("AR_OtherRecAble", _APPROVED_OF_EMPLOYEES, _CONTACT),),
    "payout": (Form("AP_PAYBILL", _APPROVED_OF_EMPLOYEES, _CONTACT, "repeated"),),
    "request": (Form("ER_ExpenseRequest", "FIsBorrow='1'", "FStaffID.FNumber"),),
    "repayment": (
        Form("ER_ExpReimbursement", f"{_APPROVED_OF_EMPLOYEES} and FBorrowAmount<>0", _CONTACT),
        Form("AP_REFUNDBILL", _APPROVED_OF_EMPLOYEES, _CONTACT, "entry"),
    ),
}


def form_field(source: str, form_id: str) -> str | None:
    """The field a source names on this form: `FDate`, or `FORM:FIELD|FORM:FIELD`; None if it names none."""
    if source.startswith("#"):
        return None
    for part in source.split("|"):
        form, _, field = part.rpartition(":")
        if form in ("", form_id):
            return field
    return None


def fields_of(mapping: StreamMapping, form_id: str) -> dict[str, str]:
    """Mapping source → field of this form, for all sources that this form has."""
    found = {source: form_field(source, form_id) for source in mapping.sources}
    return {source: field for source, field in found.items() if field is not None}


def chunks(numbers: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(numbers), CHUNK):
        yield numbers[start : start + CHUNK]


def both(left: str, right: str) -> str:
    return f"({left}) and ({right})" if left and right else left or right


class Reader:
    """Reads whole streams, or those of some employees, over a session."""

    def __init__(
        self, session: Session, mappings: Mapping[str, StreamMapping], page_rows: int, payout_filter: str = "",
        account: str = "",
    ) -> None:
        self._session, self._mappings, self._page_rows = session, mappings, page_rows
        self._payout_filter = payout_filter
        self._changes = Changes(session, page_rows, account)
        self._forms: dict[str, frozenset[str]] = {}  # form → its fields, asked once

    def pages(self, stream: str, only: tuple[str, ...] | None) -> Iterator[Page]:
        """Raw pages; the last one is empty and carries the proof of the end. `only`: these employees."""
        for form in self._forms_of(stream):
            for where in self._filters(stream, form, only):
                yield from self._form_pages(stream, form, where)
        yield Page(self._nothing(stream), "", end=End("empty_page"))

    def changes(self, stream: str, bookmark: str) -> Iterator[Page]:
        """Raw pages of what changed since the bookmark (of everything, where it is none of this stream as it is asked
        for now), and the bookmark of the next pull: the newest change before this one began."""
        forms = {form.form_id: form for form in self._forms_of(stream)}
        asked = [self._asked(stream, form) for form in forms.values()]
        following, filters = self._changes.bookmark(asked), self._changes.filters(bookmark, asked)
        for one in asked:
            changed = filters[one.form_id] if filters is not None else ""
            if filters is not None:
                lacks = self._lacking(self._mappings[stream], one.form_id)
                for fids in self._changes.touched(one.form_id, changed):
                    refs = self._refs(stream, one.form_id, fids)
                    yield Page(self._nothing(stream), "", lacks=lacks, touched=refs)
            yield from self._form_pages(stream, forms[one.form_id], both(one.where, changed))
        yield Page(self._nothing(stream), "", end=End("empty_page", bookmark=following))

    def can_tell_changes(self, stream: str) -> bool:
        """Whether a record of this stream can be found again by its ref."""
        return stream in FORMS and self._ref_source(stream) in (_OWN_KEY, _REF)

    def _forms_of(self, stream: str) -> tuple[Form, ...]:
        if stream not in FORMS or stream not in self._mappings:
            raise ConfigError(f"no stream {stream!r}; known: {', '.join(FORMS)}", place="kingdee_cloud")
        return FORMS[stream]

    def _nothing(self, stream: str) -> pl.DataFrame:
        return pl.DataFrame(schema=dict.fromkeys(self._mappings[stream].sources, pl.String))

    def _asked(self, stream: str, form: Form) -> Asked:
        (where,) = self._filters(stream, form, None)
        named = fields_of(self._mappings[stream], form.form_id)
        lacks = self._lacking(self._mappings[stream], form.form_id)
        return Asked(form.form_id, where, tuple(field for source, field in named.items() if source not in lacks))

    def _ref_source(self, stream: str) -> str | None:
        return next((field.source for field in self._mappings[stream].fields if field.target == "ref"), None)

    def _refs(self, stream: str, form_id: str, fids: pl.Series) -> pl.Series:
        if self._ref_source(stream) == _OWN_KEY:
            return fids
        return pl.select(pl.format("{}/{}", pl.lit(form_id), fids)).to_series()

    def _filters(self, stream: str, form: Form, only: tuple[str, ...] | None) -> Iterator[str]:
        counted = both(form.where, self._payout_filter) if stream == "payout" else form.where
        if only is None:
            yield counted
            return
        for numbers in chunks(only):
            yield both(counted, one_of(form.employee, numbers))

    def _form_pages(self, stream: str, form: Form, where: str) -> Iterator[Page]:
        """Pages of one form up to its largest FID now; a later record is left for the next pull."""
        mark = newest(self._session, form.form_id, where)
        mapping = self._mappings[stream]
        lacks = self._lacking(mapping, form.form_id)
        named = {s: field for s, field in fields_of(mapping, form.form_id).items() if s not in lacks}
        fields = tuple(dict.fromkeys(["FID", *named.values()]))
        query = Query(form.form_id, fields, where, limit=self._page_rows)
        place = f"kingdee_cloud {form.form_id}"

        def after(last: int) -> pl.DataFrame:
            return self._session.rows(_narrowed(query, between(last, mark)))

        def rest(fid: int, rows: int) -> pl.DataFrame:
            return self._session.rows(_narrowed(query, f"FID = {fid}", start=rows))

        if form.grain == "record":
            raw = keyset(after, keys, mark=mark, place=place)
        else:
            raw = grouped_keyset(after, keys, rest, mark=mark, place=place)
        for rows in raw:
            if rows.height:
                kept = rows.unique(maintain_order=True) if form.grain == "repeated" else rows
                yield Page(_named(kept, form.form_id, mapping, named), rows["FID"][-1], lacks=lacks)

    def _lacking(self, mapping: StreamMapping, form_id: str) -> frozenset[str]:
        """Sources of optional columns whose field this company's form does not have."""
        named = fields_of(mapping, form_id)
        wanted = {f.source: named[f.source] for f in mapping.fields if f.is_optional and f.source in named}
        if not wanted:
            return frozenset()
        if form_id not in self._forms:
            self._forms[form_id] = fields_of_form(self._session, form_id)
        known = self._forms[form_id]
        return frozenset(source for source, field in wanted.items() if field.partition(".")[0].lower() not in known)


def fields_of_form(session: Session, form_id: str) -> frozenset[str]:
    """Keys of all fields of a form, lower case."""
    return session.call(
        wire.BUSINESS_FORM, wire.business_form_body(form_id),
        lambda response: wire.read_business_form(response, f"kingdee_cloud {form_id}"),
    )


def newest(session: Session, form_id: str, where: str) -> int:
    """The largest FID that the filter finds now, 0 when there is none: the upper mark of a pull."""
    rows = session.rows(Query(form_id, ("FID",), where, order="FID DESC", limit=1))
    return int(keys(rows)[0]) if rows.height else 0


def between(last: int, mark: int) -> str:
    """Filter: records after `last` up to the mark. Without a mark there must be none at all: no bound."""
    return f"FID > {last} and FID <= {mark}" if mark else f"FID > {last}"


def _narrowed(query: Query, where: str, start: int = 0) -> Query:
    return Query(query.form_id, query.fields, both(query.where, where), query.order, query.limit, start)


def keys(rows: pl.DataFrame) -> pl.Series:
    """FIDs of a page as integers. WireError for one that is not."""
    found = rows["FID"].cast(pl.Int64, strict=False)
    if found.null_count():
        raise WireError("found a record without a readable FID", place="kingdee_cloud")
    return found


def _named(
    rows: pl.DataFrame, form_id: str, mapping: StreamMapping, named: Mapping[str, str]
) -> pl.DataFrame:
    """Columns under the mapping's source names; `#ref` tells entries of one record apart."""
    entry = pl.int_range(pl.len()).over("FID")
    extra = pl.when(entry > 0).then(pl.format("#{}", entry + 1)).otherwise(pl.lit(""))
    made = {"#ref": pl.format("{}/{}{}", pl.lit(form_id), "FID", extra), "#form": pl.lit(form_id)}
    return rows.select([
        (pl.col(named[source]) if source in named else made.get(source, pl.lit(None, dtype=pl.String)))
        .cast(pl.String)
        .alias(source)
        for source in mapping.sources
    ])
