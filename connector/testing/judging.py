"""What all cases share: the bench they stand at, a clock on which waiting costs nothing, and how they object.

Never here: a case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from connector.adapters.contract import Adapter, Clock, Page, Setting, Since
from connector.adapters.kit.clock import SystemClock
from connector.adapters.registry import Product
from connector.adapters.subject import Marked, Trial, Trouble
from connector.mappings.table import BadRow, Context, StreamMapping, load_mapping, map_rows

# The business date of every trial: the built-in company stands on it.
AS_OF = date(2026, 7, 31)
_ZONE = ZoneInfo("Asia/Shanghai")
# What stands in a rendered text for people, short enough for any field.
SENTENCE = "欠款 28,000.00 元"


class Broken(Exception):
    """The adapter does not keep the contract; the text says what was found and what was expected."""


class NotTriedError(Exception):
    """The stand-in cannot make this trouble, or the product has nothing of the kind."""


class Patient(SystemClock):
    """The machine's clock, but a wait is over at once."""

    def sleep(self, seconds: float) -> None:
        """Nobody waits for a stand-in."""


def setting_of(connection: str, clock: Clock) -> Setting:
    """What an adapter under test is told of its company."""
    return Setting(connection, "CNY", _ZONE, clock)


def expect(holds: bool, found: object, expected: str) -> None:
    """Broken with both unless it holds."""
    if not holds:
        raise Broken(f"found {found}, expected {expected}")


@dataclass
class Bench:
    """One product at its stand-in, and what every case asks of them."""

    product: Product
    trial: Trial
    setting: Setting

    @cached_property
    def adapter(self) -> Adapter:
        """The adapter as it should be."""
        return self.trial.connect()

    def close(self) -> None:
        """Close the adapter, if one was asked for."""
        if "adapter" in vars(self):
            self.adapter.close()

    @cached_property
    def mapping(self) -> Mapping[str, StreamMapping]:
        return load_mapping(self.product.mapping_text(), f"{self.product.name} mapping")

    def trouble(self, kind: Trouble) -> None:
        """From now on. NotTriedError where the stand-in cannot."""
        if kind not in self.trial.troubles:
            raise NotTriedError(f"no trouble {kind}")
        self.trial.troubles[kind]()

    def marks(self) -> tuple[Marked, ...]:
        """One for each sink of the adapter. NotTriedError for a product that is only read."""
        sinks = {sink.kind for sink in self.adapter.manifest.sinks}
        if not sinks:
            raise NotTriedError("no sinks")
        marks = self.trial.marks(self.adapter)
        expect({mark.kind for mark in marks} == sinks, sorted(m.kind for m in marks), f"a mark for each of {sinks}")
        return marks

    def pages(self, stream: str, only: tuple[str, ...] | None = None) -> Iterator[Page]:
        return self.adapter.pull(stream, Since(AS_OF, only=only))

    def mapped(self, stream: str, only: tuple[str, ...] | None = None) -> tuple[pl.DataFrame, list[BadRow]]:
        """Canonical rows of a whole stream, and what was set aside by the mapping."""
        context = Context(self.setting.connection, self.setting.clock.now(), self.setting.currency, self.setting.zone)
        parts = [map_rows(self.mapping[stream], page.rows, context) for page in self.pages(stream, only)]
        expect(bool(parts), "no page", f"at least one page of {stream}, the last one with its end")
        return pl.concat([rows for rows, _ in parts]), [one for _, bad in parts for one in bad]


def is_said(code: str, texts: Mapping[str, Mapping[str, str]]) -> bool:
    """A code has words in every language."""
    return bool(code) and all(words.get(code, "").strip() for words in texts.values())


def shown(text: object) -> str:
    """One line, short."""
    return re.sub(r"\s+", " ", str(text))[:300]
