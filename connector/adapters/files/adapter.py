"""The company folder as an HR store: its spreadsheets, page by page, all as text. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import resources
from typing import Any

import polars as pl
from pydantic import ValidationError

from connector.adapters.contract import Check, End, Page, Receipt, Setting, Since
from connector.adapters.files.connection import FilesForm
from connector.adapters.files.faults import fault, mend_of
from connector.adapters.files.folder import Taken, choose, take
from connector.adapters.files.grid import ROW
from connector.adapters.files.reading import Read, read_rows
from connector.adapters.files.sheets import Wanted, open_sheet
from connector.adapters.kit.manifest import load_manifest
from connector.errors import ConfigError, ConnectorError, UsageError, WireError
from connector.mappings.table import load_mapping
from connector.model.plan import Action
from connector.model.tables import empty

# Rows a page: a few hundred kilobytes, so that the next stage works while this one reads.
PAGE_ROWS = 5000


def build(options: dict[str, Any], setting: Setting) -> FilesStore:
    """The adapter of one company folder. ConfigError names the option that is missing or wrong."""
    try:
        form = FilesForm.model_validate(options)
    except ValidationError as error:
        raise ConfigError(_shown(error), place=f"connection {setting.connection}") from None
    return FilesStore(form, setting)


def _shown(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))


class FilesStore:
    """Reads the employee file of a folder, and the files of results, attendance and signals where it has them."""

    def __init__(self, form: FilesForm, setting: Setting) -> None:
        named = resources.files(__package__)
        whole = load_manifest((named / "manifest.yaml").read_text("utf-8"), "files/manifest.yaml")
        mapping = load_mapping((named / "mapping.yaml").read_text("utf-8"), "files/mapping.yaml", setting.overlay)
        self.manifest = replace(whole, streams=tuple(s for s in whole.streams if s in form.streams))
        self._form, self._setting = form, setting
        self._wanted = {stream: Wanted(mapping[stream], file, form) for stream, file in form.streams.items()}

    def check(self) -> list[Check]:
        """reach: the file is there; permission: it opens; fields: a header with the columns that a stream needs."""
        found: list[Check] = []
        for stream in self.manifest.streams:
            found += self._check(stream)
            if not found[-1].passed:
                break
        return found

    def _check(self, stream: str) -> Iterator[Check]:
        wanted, stage = self._wanted[stream], "reach"
        try:
            place = choose(self._form.folder, wanted.named)
            if not place.is_file():
                raise fault(ConfigError, "no_file", str(place))
            yield Check(stage, True, str(place))
            stage = "permission"
            taken = take(place)
            yield Check(stage, True)
            stage = "fields"
            sheet = open_sheet(taken, wanted)
        except ConnectorError as error:
            yield Check(stage, False, error.record, mend_of(error))
            return
        columns = ", ".join(f"{written} = {name}" for name, written in sheet.header.written.items())
        yield Check(stage, True, f"{sheet.place} ({sheet.form}) row {sheet.header.row}: {columns}")

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """Pages of text rows with the mapping's names, `#ref` and `#row`; rows set aside as rejects.

        ConfigError when a file is missing or fits nowhere, RetryableError when it is locked, WireError when it cannot
        be read or changes meanwhile.
        """
        if stream not in self.manifest.streams:
            raise UsageError(f"found the stream {stream!r}, expected one of {', '.join(self.manifest.streams)}")
        wanted = self._wanted[stream]
        taken = take(choose(self._form.folder, wanted.named))
        read = read_rows(open_sheet(taken, wanted), stream, wanted, self._setting, since.as_of)
        yield from _pages(_only(read, str(wanted.key.source), since.only), taken)

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """A folder carries no marks."""
        return empty("mark")

    def push(self, action: Action, text: str) -> Receipt:
        """Nothing is ever written into the folder."""
        return Receipt("refused", "files.reject.read_only")

    def close(self) -> None:
        """A file is open only while it is read."""


def _only(read: Read, key: str, only: tuple[str, ...] | None) -> Read:
    """What concerns these employees, and what may concern anybody."""
    if only is None:
        return read
    rejects = tuple(reject for reject in read.rejects if not reject.key or reject.key in only)
    return replace(read, rows=read.rows.filter(pl.col(key).is_in(list(only))), rejects=rejects)


def _pages(read: Read, taken: Taken) -> Iterator[Page]:
    """The rejects come with the first page, the proof with the last: the file still stands as it was read."""
    pages = list(read.rows.iter_slices(PAGE_ROWS)) or [read.rows]
    rejects, ignored = read.rejects, read.ignored
    for rows in pages[:-1]:
        yield Page(rows, str(rows[ROW][-1]), rejects, ignored=ignored)
        rejects, ignored = (), {}
    if not taken.is_unchanged:
        raise fault(WireError, "changed", str(taken.place))
    last = pages[-1]
    end = End("cursor_exhausted", read.rows.height + len(read.rejects))
    yield Page(last, str(last[ROW][-1]) if last.height else "", rejects, end, ignored=ignored)
