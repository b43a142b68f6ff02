"""The company folder as an HR store: its employee file, page by page, all as text. Nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl
from pydantic import ValidationError

from connector.adapters.contract import Check, End, Page, Receipt, Reject, Setting, Since
from connector.adapters.files import wire
from connector.adapters.files.connection import FilesForm
from connector.adapters.kit.manifest import load_manifest
from connector.errors import ConfigError, ConnectorError, UsageError, WireError
from connector.model.plan import Action
from connector.model.tables import empty

# Rows a page: a few hundred kilobytes, so that the next stage works while this one reads.
PAGE_ROWS = 5000
# Raw column with the row's key: its number, and the line as well where the number was seen before.
REF = "#ref"
_FOUND_LIMIT = 80


def build(options: dict[str, Any], setting: Setting) -> FilesStore:
    """The adapter of one company folder. ConfigError names the option that is missing or wrong."""
    try:
        form = FilesForm.model_validate(options)
    except ValidationError as error:
        raise ConfigError(_shown(error), place=f"connection {setting.connection}") from None
    return FilesStore(form)


def _shown(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))


class FilesStore:
    """Reads `employees.csv` of a folder."""

    manifest = load_manifest(
        (resources.files(__package__) / "manifest.yaml").read_text("utf-8"), "files/manifest.yaml"
    )

    def __init__(self, form: FilesForm) -> None:
        self._form = form

    def check(self) -> list[Check]:
        """reach: the file is there; permission: it opens; fields: a header with the employee number."""
        place = self._form.place
        if not place.is_file():
            return [Check("reach", False, str(place), "files.mend.no_file")]
        done = [Check("reach", True, str(place))]
        try:
            with place.open("rb") as file:
                header = self._header(file)
        except OSError as error:
            return [*done, Check("permission", False, error.strerror or "", "files.mend.no_right")]
        except ConfigError as error:
            return [
                *done,
                Check("permission", True),
                Check("fields", False, str(error), "files.mend.bad_header"),
            ]
        except ConnectorError as error:
            return [
                *done,
                Check("permission", True),
                Check("fields", False, str(error), "files.mend.bad_file"),
            ]
        return [*done, Check("permission", True), Check("fields", True, ", ".join(header))]

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """Pages of text rows with the header's names, `#ref` and `#line`; rows set aside as rejects.

        ConfigError when the file is missing, WireError when it is no readable text or changes meanwhile.
        """
        if stream not in self.manifest.streams:
            raise UsageError(
                f"found the stream {stream!r}, expected one of {', '.join(self.manifest.streams)}"
            )
        try:
            with self._form.place.open("rb") as file:
                yield from self._pages(file, stream, since)
        except OSError as error:
            raise ConfigError(
                f"cannot be read: {error.strerror}",
                place=str(self._form.place),
                mend="check `folder` and `file` of the connection and the right to read the file",
            ) from error

    def _pages(self, file: BinaryIO, stream: str, since: Since) -> Iterator[Page]:
        before = _fingerprint(os.fstat(file.fileno()))
        header = self._header(file)
        seen: set[str] = set()
        blocks = wire.read_blocks(file, header, str(self._form.place), PAGE_ROWS)
        count = 0
        held = _nothing(header)
        for block in blocks:
            page = self._page(block, stream, header, since, seen)
            if held.rows.height or held.rejects:
                yield held
            held, count = page, count + page.rows.height + len(page.rejects)
        if _fingerprint_at(self._form.place) != before:
            raise WireError(
                "the file changed while it was read",
                place=str(self._form.place),
                mend="write it under another name and rename it when complete; the next run reads it",
            )
        yield Page(held.rows, held.cursor, held.rejects, End("cursor_exhausted", count))

    def _page(self, block: wire.Block, stream: str, header: list[str], since: Since, seen: set[str]) -> Page:
        rows = with_refs(block.rows, self._form.number_column, seen)
        rejects = [self._reject(bad, stream, header) for bad in block.bad]
        if since.only is not None:
            wanted = set(since.only)
            rows = rows.filter(pl.col(self._form.number_column).str.strip_chars().is_in(list(wanted)))
            rejects = [reject for reject in rejects if not reject.key or reject.key in wanted]
        cursor = str(rows[wire.LINE][-1]) if rows.height else ""
        return Page(rows, cursor, tuple(rejects))

    def _reject(self, bad: wire.BadLine, stream: str, header: list[str]) -> Reject:
        """The number is trusted only where it stands first: a missing comma shifts what comes after."""
        is_first = header[0] == self._form.number_column
        key = bad.cells[0].strip() if is_first and bad.cells else ""
        return Reject(
            stream=stream,
            ref=f"{key}#{bad.line}",
            key=key,
            reason=f"files.reject.{bad.reason}",
            found=f"{self._form.file} line {bad.line}: {len(bad.cells)} cells, expected {len(header)}"[
                :_FOUND_LIMIT
            ],
            payload=bad.raw,
        )

    def _header(self, file: BinaryIO) -> list[str]:
        header = wire.read_header(file.readline(), str(self._form.place))
        if self._form.number_column not in header:
            raise ConfigError(
                f"found no column {self._form.number_column!r}; found: {', '.join(header)}",
                place=f"{self._form.place} line 1",
                mend="set `number_column` to the header of the employee number",
            )
        return header

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """A folder carries no marks."""
        return empty("mark")

    def push(self, action: Action, text: str) -> Receipt:
        """Nothing is ever written into the folder."""
        return Receipt("refused", "files.reject.read_only")

    def close(self) -> None:
        """The file is open only while it is read."""


def with_refs(rows: pl.DataFrame, number: str, seen: set[str]) -> pl.DataFrame:
    """Adds `#ref`: the number, or `number#line` where it is empty or was seen before; `seen` grows."""
    refs = []
    numbers = rows[number].str.strip_chars().fill_null("").to_list()
    for found, line in zip(numbers, rows[wire.LINE].to_list(), strict=True):
        refs.append(f"{found}#{line}" if not found or found in seen else found)
        seen.add(found)
    return rows.with_columns(pl.Series(REF, refs, dtype=pl.String))


def _fingerprint(found: os.stat_result) -> tuple[int, int, int]:
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _fingerprint_at(place: Path) -> tuple[int, int, int] | None:
    try:
        return _fingerprint(place.stat())
    except OSError:
        return None


def _nothing(header: list[str]) -> Page:
    return Page(pl.DataFrame(schema={name: pl.String for name in [*header, wire.LINE, REF]}), "")
