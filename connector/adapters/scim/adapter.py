"""A SCIM 2.0 directory as a source of identity and status: its users, page by page. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import polars as pl
from pydantic import ValidationError

from connector.adapters.contract import Check, End, Page, Receipt, Setting, Since
from connector.adapters.kit.api import ApiSession, staged
from connector.adapters.kit.manifest import load_manifest
from connector.adapters.scim import wire
from connector.adapters.scim.connection import ScimForm
from connector.errors import ConfigError, UsageError, WireError
from connector.model.plan import Action
from connector.model.tables import empty

_PLACE = f"GET {wire.PATH}"
# Why a user is no record of ours, a word of the text catalog.
_NO_EMPLOYEE = "no_number"


def build(options: dict[str, Any], setting: Setting) -> Scim:
    """The adapter of one directory. ConfigError names the option that is missing or wrong, never its value."""
    try:
        form = ScimForm.model_validate(options)
    except ValidationError as error:
        shown = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise ConfigError(shown, place=f"connection {setting.connection}") from None
    return Scim(form, setting)


class Scim:
    """One directory."""

    manifest = load_manifest((resources.files(__package__) / "manifest.yaml").read_text("utf-8"), "scim/manifest.yaml")

    def __init__(self, form: ScimForm, setting: Setting) -> None:
        self._form, self._session = form, ApiSession(form, setting)

    def check(self) -> list[Check]:
        """reach, login, permission, and fields: the first users have a number and say whether they are active."""
        return staged(self._look, "scim")

    def _look(self) -> Check:
        rows = self._numbered(wire.frame(self._listed(1).users))
        lacking = [name for name in ("employeeNumber", "active") if rows[name].null_count() == rows.height > 0]
        if lacking:
            return Check("fields", False, f"{', '.join(lacking)}: 0 / {rows.height}", "scim.mend.missing_fields")
        return Check("fields", True)

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """All users as text rows; a manager is named by his employee number, so nothing is given before all are read.

        Errors as the calls raise them; WireError for a user seen twice, a count that moves, or an end before it.
        """
        if stream not in self.manifest.streams:
            raise UsageError(f"found the stream {stream!r}, expected one of {', '.join(self.manifest.streams)}")
        pages = list(self._pages())
        every = pl.concat(pages)
        numbers = every.select(pl.col("id").alias("managerId"), pl.col("employeeNumber").alias("manager"))
        delivered = ignored = 0
        for at, page in enumerate(pages, 1):
            rows = page.join(numbers, on="managerId", how="left", maintain_order="left", validate="m:1")
            unnumbered = rows.filter(pl.col("employeeNumber").is_null()).height
            if self._form.without_number == "ignore":
                rows, ignored = rows.filter(pl.col("employeeNumber").is_not_null()), unnumbered
            if since.only is not None:
                rows = rows.filter(pl.col("employeeNumber").is_in(list(since.only)))
            delivered += rows.height
            end = End("vendor_end", delivered) if at == len(pages) else None
            yield Page(rows, str(at), end=end, ignored={_NO_EMPLOYEE: ignored} if ignored else {})

    def _pages(self) -> Iterator[pl.DataFrame]:
        """Pages until as many users have come as the directory says it has; a short one may be its cap."""
        came, total = 0, None
        seen: set[str] = set()
        while total is None or came < total:
            found = self._listed(came + 1)
            if total is not None and found.total != total:
                raise WireError(f"found {found.total} users in all, {total} a page ago", place=_PLACE)
            total, came = found.total, came + len(found.users)
            page = self._numbered(wire.frame(found.users))
            _refuse_odd_ids(page["id"], seen)
            if came > total or (not found.users and came < total):
                raise WireError(f"found {came} users at the end, expected the {total} of totalResults", place=_PLACE)
            yield page

    def _listed(self, start: int) -> wire.Listed:
        answer = self._session.get(wire.PATH, wire.query(start, self._form.page_rows))
        return wire.listed(answer.document, _PLACE)

    def _numbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The employee number where the connection says it is; blank is none."""
        number = pl.col(self._form.number).str.strip_chars()
        return rows.with_columns(pl.when(number == "").then(None).otherwise(number).alias("employeeNumber"))

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """A directory carries no marks of ours."""
        return empty("mark")

    def push(self, action: Action, text: str) -> Receipt:
        """Nothing is ever written into the directory."""
        return Receipt("refused", "scim.reject.read_only")

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()


def _refuse_odd_ids(ids: pl.Series, seen: set[str]) -> None:
    """Every user has an id, and comes once."""
    if ids.null_count():
        raise WireError("found a user without an id", place=_PLACE)
    found = set(ids)
    if again := found & seen or (found if len(found) < ids.len() else set()):
        raise WireError(f"found the user {min(again)} twice, expected each once", place=_PLACE)
    seen |= found
