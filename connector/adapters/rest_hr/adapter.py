"""HR behind a JSON API as a source: streams page by page, all as text. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import resources
from typing import Any

import polars as pl
from pydantic import ValidationError

from connector.adapters.contract import Check, End, Page, Receipt, Reject, Setting, Since
from connector.adapters.kit.api import ApiSession, staged
from connector.adapters.kit.manifest import load_manifest
from connector.adapters.rest_hr import wire
from connector.adapters.rest_hr.connection import TOLD_BY, RestForm
from connector.adapters.rest_hr.paging import Part, parts
from connector.errors import ConfigError, UsageError, WireError
from connector.mappings.table import StreamMapping, load_mapping
from connector.model.plan import Action
from connector.model.tables import empty


def build(options: dict[str, Any], setting: Setting) -> RestHr:
    """The adapter of one account. ConfigError names the option that is missing or wrong, never its value."""
    try:
        form = RestForm.model_validate(options)
    except ValidationError as error:
        shown = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise ConfigError(shown, place=f"connection {setting.connection}") from None
    return RestHr(form, setting)


class RestHr:
    """One account. Reads the fields that the mapping names, dotted ones from inside a row."""

    def __init__(self, form: RestForm, setting: Setting) -> None:
        named = resources.files(__package__)
        whole = load_manifest((named / "manifest.yaml").read_text("utf-8"), "rest_hr/manifest.yaml")
        self._mapping = load_mapping(
            (named / "mapping.yaml").read_text("utf-8"), "rest_hr/mapping.yaml", setting.overlay
        )
        self.manifest = replace(whole, streams=tuple(s for s in whole.streams if s in form.streams))
        self._form, self._session = form, ApiSession(form, setting)

    def check(self) -> list[Check]:
        """reach, login, permission, and fields: the first rows of each stream name their person."""
        return staged(self._look, "rest_hr")

    def _look(self) -> Check:
        absent: list[str] = []
        for stream in self.manifest.streams:
            first = next(parts(self._session.get, self._form.streams[stream]))
            rows, _ = self._framed(stream, first.rows)
            empty_ones = [name for name in rows.columns if rows[name].null_count() == rows.height > 0]
            if _told_by(self._mapping[stream])[0] in empty_ones:
                found = ", ".join(sorted(first.rows[0])) if isinstance(first.rows[0], dict) else "no object"
                return Check("fields", False, f"{stream}: {found}", "rest_hr.mend.missing_fields")
            absent += [f"{stream}.{name}" for name in empty_ones]
        return Check("fields", True, f"not there: {', '.join(absent)}" if absent else "")

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """Pages of text rows under the mapping's field names, with `#ref`; rows that are no objects as rejects.

        Errors as the calls raise them; WireError for a key on two pages.
        """
        if stream not in self.manifest.streams:
            raise UsageError(f"found the stream {stream!r}, expected one of {', '.join(self.manifest.streams)}")
        seen: set[str] = set()
        set_aside = delivered = 0
        for number, part in enumerate(parts(self._session.get, self._form.streams[stream]), 1):
            rows, rejects = self._framed(stream, part.rows)
            _refuse_repeats(rows[wire.REF], seen, f"GET {self._form.streams[stream].path}")
            if since.only is not None:
                person = _told_by(self._mapping[stream])[0]
                rows = rows.filter(pl.col(person).str.strip_chars().is_in(list(since.only)))
            delivered, set_aside = delivered + rows.height, set_aside + len(rejects)
            end = _end(part, None if since.only is None else delivered + set_aside)
            yield Page(rows, str(number), rejects, end)

    def _framed(self, stream: str, rows: list[Any]) -> tuple[pl.DataFrame, tuple[Reject, ...]]:
        form, mapping = self._form.streams[stream], self._mapping[stream]
        whole = [row for row in rows if isinstance(row, dict)]
        rejects = tuple(
            Reject(stream, "", "", "rest_hr.reject.no_object", (wire.text_of(row) or "")[:80])
            for row in rows if not isinstance(row, dict)
        )
        named = [form.key] if form.key else list(_told_by(mapping))
        sources = dict.fromkeys([*mapping.sources, *named])
        sources.pop(wire.REF, None)
        return wire.with_refs(wire.frame(whole, list(sources)), named), rejects

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """An API that is only read carries no marks of ours."""
        return empty("mark")

    def push(self, action: Action, text: str) -> Receipt:
        """Nothing is ever written over there."""
        return Receipt("refused", "rest_hr.reject.read_only")

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()


def _told_by(mapping: StreamMapping) -> tuple[str, ...]:
    """Source fields that tell a row: its person first."""
    by_target = {field.target: field.source for field in mapping.fields}
    return tuple(source for source in (by_target.get(name) for name in TOLD_BY[mapping.stream]) if source)


def _refuse_repeats(refs: pl.Series, seen: set[str], place: str) -> None:
    found = set(refs.drop_nulls())
    if again := found & seen:
        mend = "the list may have moved while it was read; a stream whose key repeats needs another `key`"
        raise WireError(f"found the key {min(again)!r} on two pages", place=place, mend=mend)
    seen |= found


def _end(part: Part, counted: int | None) -> End | None:
    return End(part.proof, part.total if counted is None else counted) if part.proof else None
