"""What an adapter reads: pages of text to a proved end, the same twice, limited when asked; no end without proof."""

from __future__ import annotations

import polars as pl

from connector.adapters.contract import Page
from connector.errors import ConnectorError, UsageError, WireError
from connector.model.plan import Action
from connector.model.tables import schema
from connector.testing.judging import SENTENCE, Bench, Broken, NotTriedError, expect, shown

# Columns by which a stream may be limited, best first: finance and HR by employee.
_KEYS = ("employee", "number")
# The name of a stream and of a kind that nobody has.
_NOBODYS = "nobodys-kind"


def streams_end_proved(bench: Bench) -> None:
    """Frames of text; the end on the last page and nowhere else; the source's own count, where it has one, met."""
    for stream in bench.adapter.manifest.streams:
        pages = list(bench.pages(stream))
        ends = [at for at, page in enumerate(pages, 1) if page.end is not None]
        expect(ends == [len(pages)], f"an end on the pages {ends} of {len(pages)}", f"one, on {stream}'s last")
        odd = {name: kind for page in pages for name, kind in page.rows.schema.items() if kind != pl.String}
        expect(not odd, f"{stream}: columns {odd}", "text in every column")
        fetched = sum(page.rows.height + len(page.rejects) for page in pages)
        end = pages[-1].end
        counted = end.expected if end else None
        expect(counted in (None, fetched), f"{stream}: {fetched} rows and rejects", f"the {counted} of its end")


def every_row_is_mapped(bench: Bench) -> None:
    """The mapping that comes with the product reads every row of its own stand-in, and each has a key."""
    for stream in bench.adapter.manifest.streams:
        rows, bad = bench.mapped(stream)
        first = f": {bad[0].field} found {bad[0].found!r}, expected {bad[0].expected}" if bad else ""
        expect(not bad, f"{stream}: {len(bad)} of {rows.height + len(bad)} rows set aside{first}", "none")
        expect(rows.height > 0, f"no rows of {stream}", "at least one: the stand-in has to show each stream")


def reads_twice_alike(bench: Bench) -> None:
    """A second read of an unchanged world gives the same rows in any order."""
    for stream in bench.adapter.manifest.streams:
        first, second = (bench.mapped(stream)[0].drop("seen_at") for _ in range(2))
        same = first.sort(pl.all()).equals(second.sort(pl.all()))
        expect(same, f"{stream}: {first.height} rows, then {second.height} other ones", "the same rows twice")


def only_limits(bench: Bench) -> None:
    """`since.only` gives one person's rows (in an OA: one record's), all of them and no other."""
    is_oa = bench.adapter.manifest.roles[0] == "oa"
    for stream in bench.adapter.manifest.streams:
        every = bench.mapped(stream)[0]
        name = "ref" if is_oa else next((key for key in _KEYS if key in every.columns), "")
        if not name:  # a total of the company names nobody
            continue
        expect(every[name].drop_nulls().len() > 0, f"no row of {stream} with a {name}", "at least one to ask for")
        key = str(every[name].drop_nulls()[0])
        wanted = every.filter(pl.col(name) == key)
        found = bench.mapped(stream, (key,))[0]
        is_same = sorted(found["ref"]) == sorted(wanted["ref"])
        expect(is_same, f"{stream} of {key}: {found['ref'].to_list()[:5]}", f"{wanted['ref'].to_list()[:5]}")


def unknown_is_refused(bench: Bench) -> None:
    """A stream that nobody has is a UsageError; a kind is that or a refusal, and nothing of it stands."""
    try:
        list(bench.pages(_NOBODYS))
    except UsageError:
        _unknown_kind(bench)
        return
    except ConnectorError as error:
        raise Broken(f"found {type(error).__name__} for an unknown stream, expected UsageError") from error
    raise Broken("found pages of an unknown stream, expected UsageError")


def _unknown_kind(bench: Bench) -> None:
    try:
        seen = bench.adapter.observe(_NOBODYS, None)
        expect(seen.height == 0 and seen.schema == schema("mark"), seen.schema, "an empty table `mark`")
    except UsageError as error:
        expect(bool(str(error)), "an empty error", "an error that says what is known")
    action = Action("put", bench.setting.connection, _NOBODYS, "1", "1", None, {"codes": ["x"]})
    try:
        receipt = bench.adapter.push(action, SENTENCE)
    except UsageError:
        return
    expect(receipt.outcome == "refused", receipt, "a refusal of an unknown kind")


def cut_off_has_no_end(bench: Bench) -> None:
    """A stream that breaks off raises an error of ours and proves nothing."""
    bench.trouble("cut_off")
    for stream in bench.adapter.manifest.streams:
        pages: list[Page] = []
        try:
            pages.extend(bench.pages(stream))
        except ConnectorError as error:
            ends = [page.end for page in pages if page.end]
            expect(not ends, f"{stream}: the end {ends} before {shown(error)}", "no end of a stream that broke off")
        else:
            raise Broken(f"{stream}: found an end and no error, expected the error of a stream that broke off")


def repeated_page_is_an_error(bench: Bench) -> None:
    """A page that was seen before is an error, never rows twice and never a loop; a stream of one page is read."""
    if "repeated_page" not in bench.trial.troubles:
        raise NotTriedError("no trouble repeated_page")
    streams = bench.adapter.manifest.streams
    whole = {stream: bench.mapped(stream)[0].height for stream in streams}
    bench.trouble("repeated_page")
    met = [stream for stream in streams if not _is_read(bench, stream, whole[stream])]
    expect(bool(met), "no stream that met a repeated page", "a trial whose pages are small enough for one to repeat")


def _is_read(bench: Bench, stream: str, rows: int) -> bool:
    """Read to its end with so many rows; False where a repeated page ended it with an error."""
    pages: list[Page] = []
    try:
        pages.extend(bench.pages(stream))
    except WireError:
        expect(not any(page.end for page in pages), f"{stream}: an end", "none after a repeated page")
        return False
    found = sum(page.rows.height for page in pages)
    expect(found == rows, f"{stream}: {found} rows with a page repeated, {rows} without", "a WireError")
    return True
