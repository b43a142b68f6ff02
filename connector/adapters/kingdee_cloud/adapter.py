"""Kingdee Cloud behind the four verbs: check, pull, observe, push. Wiring only; work is done elsewhere.

Nothing is decided here and nothing is kept but the session.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from importlib import resources
from typing import Any

import polars as pl
from pydantic import ValidationError

from connector.adapters.contract import Check, Manifest, Page, Receipt, Route, Setting, Since
from connector.adapters.kingdee_cloud.checks import Checks
from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kingdee_cloud.control import Control, Report
from connector.adapters.kingdee_cloud.ledger import Ledger, OpenItemTotal
from connector.adapters.kingdee_cloud.marks import FieldMarks
from connector.adapters.kingdee_cloud.reading import Reader
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kingdee_cloud.sinks import mark_places, sinks_of
from connector.adapters.kit.http import Channel, Limits, Resolver
from connector.adapters.kit.manifest import load_manifest
from connector.errors import ConfigError, RejectedError, UnknownOutcome, UsageError
from connector.mappings.table import load_mapping
from connector.model.plan import Action


def build(options: dict[str, Any], setting: Setting, overlay: str = "") -> KingdeeCloud:
    """The adapter of one account; `overlay` is the company's mapping. ConfigError names the wrong option."""
    try:
        form = KingdeeForm.model_validate(options)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_context=False, include_url=False)
        shown = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'form'}: {one['msg']}" for one in wrong)
        raise ConfigError(shown, place=f"connection {setting.connection}") from None
    return KingdeeCloud(form, setting, overlay=overlay or setting.overlay)


class KingdeeCloud:
    """One account in Kingdee Cloud. Thread-safe; close it at the end."""

    def __init__(
        self, form: KingdeeForm, setting: Setting, resolver: Resolver | None = None, *, overlay: str = ""
    ) -> None:
        self._form, self._setting = form, setting
        self._mappings = load_mapping(_text("mapping.yaml"), "kingdee_cloud mapping", overlay)
        self._channel = Channel(
            form.endpoint, setting.clock, Limits(connections=form.max_parallel),
            timeout_s=form.timeout_s, resolver=resolver,
        )
        self._session = Session(form, self._channel, setting.clock)
        account = f"{form.base_url} {form.acct_id}"
        self._reader = Reader(self._session, self._mappings, form.page_rows, form.payout_filter, account)
        self.manifest: Manifest = self._own_manifest()
        report = Report(self._session, form)
        self._control, self._ledger = Control(report), Ledger(report)
        self._open_items = OpenItemTotal(self._reader, self._mappings["open_item"])
        self._marks = {
            shape.kind: FieldMarks(self._session, place, shape, setting, form.page_rows)
            for place, shape in mark_places(form)
        }
        self._as_of: date | None = None  # business date of what was pulled last: a flag rests on that day's books

    def check(self) -> list[Check]:
        """Staged; with a jar of its own, so that a live session hides nothing."""
        fresh = Session(self._form, self._channel, self._setting.clock)
        return Checks(
            self._channel, fresh, self._mappings, self._form, self._setting.clock
        ).run()

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """Pages of raw text rows under the mapping's field names; the last one proves the end.

        `since.only`: employee numbers as Kingdee writes them; the control total is always the whole.
        """
        if stream not in self.manifest.streams:
            raise UsageError(f"found the stream {stream!r}, expected one of {', '.join(self.manifest.streams)}")
        self._as_of = since.as_of
        if stream == "control":
            is_other = self._form.route == "ledger"  # a control total is never read the way it controls
            return self._open_items.pages() if is_other else self._control.pages(since.as_of)
        if stream == "balance":
            return self._ledger.pages(since.as_of, since.only)
        if since.only is None and stream in self.manifest.incremental:
            return self._reader.changes(stream, since.bookmark)
        return self._reader.pages(stream, since.only)

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """Marks of a kind as they stand; `refs` are employee numbers."""
        return self._marks_of(kind).observed(refs)

    def push(self, action: Action, text: str) -> Receipt:
        """Set or clear one mark. What is landed is known only when it is read back."""
        marks = self._marks_of(action.kind)
        day = self._as_of or self._setting.clock.now().astimezone(self._setting.zone).date()
        content = None if action.verb == "remove" else action.after
        try:
            marks.write(action.ref, content, text, day)
        except RejectedError as error:
            return Receipt("refused", error.message)
        except UnknownOutcome as error:
            return Receipt("unknown", error.message)
        return Receipt("landed")

    def close(self) -> None:
        self._channel.close()

    def _own_manifest(self) -> Manifest:
        """What this connection can do: the product's manifest by its route, its fields and how often it reads all."""
        product, form = load_manifest(_text("manifest.yaml"), "kingdee_cloud manifest"), self._form
        streams = tuple(stream for stream in product.streams if stream not in _UNUSED[form.route])
        by_change = tuple(stream for stream in streams if self._reader.can_tell_changes(stream))
        return replace(
            product, streams=streams, route=form.route, sinks=sinks_of(form), full_every_days=form.full_every_days,
            incremental=by_change if form.full_every_days > 1 else (),
        )

    def _marks_of(self, kind: str) -> FieldMarks:
        if kind not in self._marks:
            known = ", ".join(self._marks)
            raise UsageError(f"found kind {kind!r}, expected one of {known}", place="kingdee_cloud")
        return self._marks[kind]


# Route → streams that it does not use.
_UNUSED: dict[Route, tuple[str, ...]] = {
    "open_items": ("balance",), "bills": ("balance", "open_item"), "ledger": ("open_item",),
}


def _text(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")
