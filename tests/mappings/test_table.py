"""Mappings: what a table of fields may say, what is refused and where, and that no row is lost on its way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigError
from connector.mappings.table import BadRow, Context, StreamMapping, load_mapping, map_rows
from connector.model.tables import schema
from tests.laws.companies import LAW

CONTEXT = Context("kingdee", datetime(2026, 7, 31, tzinfo=UTC), "CNY", ZoneInfo("Asia/Shanghai"))
LOANS = """
streams:
  open_item:
    ref: FID
    number: FBillNo
    employee: FStaff
    principal: {from: FAmount, as: money, currency: currency}
    balance: {from: FOpen, as: money, currency: currency}
    currency: FCurrency
    lent_on: {from: FDate, as: date}
    due_on: {from: FEnd, as: date}
"""
FIELDS = ("FID", "FBillNo", "FStaff", "FAmount", "FOpen", "FCurrency", "FDate", "FEnd")
WHOLE = {"FID": "1", "FBillNo": "L1", "FStaff": "001", "FAmount": "28,000.00", "FOpen": "5", "FCurrency": "CNY",
         "FDate": "2026-07-01", "FEnd": None}


def loans() -> StreamMapping:
    return load_mapping(LOANS, "kingdee")["open_item"]


def one(**changes: str | None) -> tuple[pl.DataFrame, list[BadRow]]:
    return map_rows(loans(), pl.DataFrame([WHOLE | changes], schema=dict.fromkeys(FIELDS, pl.String)), CONTEXT)


@pytest.mark.parametrize(("text", "place", "words"), [
    ("a: [", "map", "not readable as YAML"), ("- a", "map", "found no `streams:`"), ("", "map", "found no `streams:`"),
    ("streams: [employee]", "map", "found no `streams:`"),
    ("streams: {employee: 5}", "map employee", "found 5, expected columns"),
    ("streams: {staff: {ref: a}}", "map staff", "no table `staff`; known: employee, person"),
    ("streams: {employee: {surname: a}}", "map employee.surname", "known: system, ref, seen_at, number, name"),
    ("streams: {employee: {ref: [a]}}", "map employee.ref", "expected the name of a field"),
    ("streams: {employee: {ref: null}}", "map employee.ref", "found None"),
    ("streams: {employee: {ref: {as: text}}}", "map employee.ref", "needs `from:` or `value:`"),
    ("streams: {employee: {ref: {from: a, as: txt}}}", "map employee.ref", "`as: txt` is not known; known: text, date"),
    ("streams: {employee: {status: {from: a, as: word, words: [x]}}}", "map employee.status", "在职: active"),
    ("streams: {employee: {status: {from: a, as: word, words: {x: actve}}}}", "map employee.status",
     "`actve`; known: active, leaving, left"),
    ("streams: {request: {is_approved: {from: a, as: flag, yes: C}}}", "map request.is_approved", "expected a list"),
])
def test_a_mapping_that_cannot_be_used_is_refused_with_its_place_and_what_is_known(
    text: str, place: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_mapping(text, "map")
    assert caught.value.place == place and words in caught.value.message


def test_a_mistake_in_an_overlay_is_told_as_one_of_the_overlay() -> None:
    with pytest.raises(ConfigError, match="overlay"):
        load_mapping(LOANS, "kingdee", "streams: 5")


def test_an_overlay_wins_column_by_column_and_may_add_a_stream() -> None:
    overlay = "streams: {open_item: {number: F_OWN_NO}, person: {ref: FID, number: FNumber}}"
    found = load_mapping(LOANS, "kingdee", overlay)
    sources = {f.target: f.source for f in found["open_item"].fields}
    assert (sources["number"], sources["employee"], set(found)) == ("F_OWN_NO", "FStaff", {"open_item", "person"})


def test_a_field_that_two_columns_need_is_asked_for_once() -> None:
    text = "streams: {employee: {ref: code, number: code, name: name, currency: {value: CNY}}}"
    assert load_mapping(text, "map")["employee"].sources == ("code", "name")


@pytest.mark.parametrize(("words", "text"), [("{1: active, 2: left}", "1"), ("{yes: active, no: left}", "yes"),
                                             ("{'1': active}", "1"), ("{YES: active}", "yes")])
def test_codes_and_bare_words_of_yaml_are_read_as_they_are_written(words: str, text: str) -> None:
    status = f"{{from: s, as: word, words: {words}}}"
    mapping = load_mapping(f"streams: {{employee: {{ref: c, number: c, status: {status}}}}}", "map")["employee"]
    rows, bad = map_rows(mapping, pl.DataFrame({"c": ["1"], "s": [text]}), CONTEXT)
    assert (rows["status"].to_list(), bad) == (["active"], [])


def test_a_row_becomes_the_canonical_row_of_its_table() -> None:
    rows, bad = one()
    assert bad == [] and dict(rows.schema) == schema("open_item")
    row = rows.row(0, named=True)
    assert (row["principal"], row["balance"], row["lent_on"], row["due_on"]) == (2_800_000, 500, date(2026, 7, 1), None)
    assert (row["system"], row["seen_at"]) == ("kingdee", CONTEXT.seen_at)


@pytest.mark.parametrize(("field", "found", "expected"), [
    ("FAmount", "12,3x", "money"), ("FAmount", None, "a value"), ("FAmount", " ", "a value"), ("FDate", "soon", "date"),
    ("FDate", "1900-01-01", "date"), ("FEnd", "31.7.2026", "date"), ("FStaff", None, "a value"),
])
def test_a_row_that_cannot_be_read_says_field_content_and_what_was_expected(
    field: str, found: str | None, expected: str
) -> None:
    rows, (bad,) = one(**{field: found})
    assert rows.height == 0
    assert (bad.ref, bad.field, bad.found, bad.expected) == ("1", field, (found or "").strip(), expected)
    assert bad.key == ("" if field == "FStaff" else "001")


@pytest.mark.parametrize("written", ["1900-01-01T00:00:00", "0001-01-01", "", None])
def test_a_date_that_means_no_date_is_readable_where_none_is_needed(written: str | None) -> None:
    rows, bad = one(FEnd=written)
    assert (rows["due_on"].to_list(), bad) == ([None], [])


def test_amounts_have_the_digits_of_the_currency_beside_them() -> None:
    rows, _ = one(FCurrency="JPY", FAmount="28000", FOpen="1")
    assert rows.select("principal", "balance").row(0) == (28_000, 1)
    assert one(FCurrency="JPY", FAmount="0.5")[1][0].expected == "money"


def test_a_field_that_the_source_does_not_have_sets_aside_what_needs_it_and_nothing_else() -> None:
    raw = pl.DataFrame([WHOLE], schema=dict.fromkeys(FIELDS, pl.String))
    assert map_rows(loans(), raw.drop("FEnd"), CONTEXT)[0].height == 1
    rows, (bad,) = map_rows(loans(), raw.drop("FDate"), CONTEXT)
    assert (rows.height, bad.field, bad.expected) == (0, "FDate", "a value")


def test_no_rows_are_an_empty_table_of_the_right_form() -> None:
    rows, bad = map_rows(loans(), pl.DataFrame(), CONTEXT)
    assert (rows.height, dict(rows.schema), bad) == (0, schema("open_item"), [])


CELLS = st.sampled_from(["1", "001", "28000.00", "0.5", "-3", "CNY", "JPY", "2026-07-01", "1900-01-01", "x", " ", None])
Rows = list[dict[str, str | None]]
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS[1:], CELLS)), max_size=6)


def framed(rows: Rows, first: int = 0) -> pl.DataFrame:
    numbered = [row | {"FID": str(first + at)} for at, row in enumerate(rows)]
    return pl.DataFrame(numbered, schema=dict.fromkeys(FIELDS, pl.String))


@LAW
@given(ROWS)
def test_every_row_is_mapped_or_set_aside_and_the_order_stays(rows: Rows) -> None:
    good, bad = map_rows(loans(), framed(rows), CONTEXT)
    kept, aside = good["ref"].to_list(), [one.ref for one in bad]
    assert sorted([*kept, *aside], key=int) == [str(n) for n in range(len(rows))]
    assert kept == sorted(kept, key=int) and aside == sorted(aside, key=int)


@LAW
@given(ROWS, ROWS)
def test_no_row_changes_what_becomes_of_another(left: Rows, right: Rows) -> None:
    good, bad = map_rows(loans(), pl.concat([framed(left), framed(right, len(left))]), CONTEXT)
    alone = [map_rows(loans(), part, CONTEXT) for part in (framed(left), framed(right, len(left)))]
    assert good.equals(pl.concat([part for part, _ in alone]))
    assert bad == [one for _, part in alone for one in part]
