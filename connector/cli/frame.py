"""What all commands share: the house, options, exit codes, how errors and results are shown.

Exit codes: 0 done · 1 handled failure · 2 wrong usage · 3 actions waiting (plan --detailed-exitcode) · 4 done, but
something is incomplete or held · 70 crash.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

if TYPE_CHECKING:
    from connector.adapters.contract import Clock
    from connector.adapters.registry import Product
    from connector.engine.local import Log
    from connector.engine.schedule import Schedule
    from connector.rules.book import RuleBook
    from connector.store.database import Store
    from connector.sync.connections import Desk, Progress

DONE, FAILED, USAGE, WAITING, INCOMPLETE, CRASHED = 0, 1, 2, 3, 4, 70

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="configuration file", envvar="CONNECTOR_CONFIG")]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")]
LangOption = Annotated[str, typer.Option("--lang", help="zh_CN or en")]
DateOption = Annotated[str, typer.Option("--as-of", help="business date, YYYY-MM-DD; default: today")]


def _named(by: str) -> str:
    """A name of somebody who can be asked."""
    if not by.strip():
        from connector.errors import UsageError
        from connector.model.faults import fault

        raise fault(UsageError, "command.no_name", "--by")
    return by.strip()


ByOption = Annotated[str, typer.Option("--by", help="your name; kept in the audit log", callback=_named)]

CONFIG = Path("connector.yaml")


class House(Protocol):
    """What the doors may ask of the top floor."""

    def desk(
        self, config: Path, progress: Progress = ..., clock: Clock | None = ...
    ) -> AbstractContextManager[Desk]: ...

    def desk_of(
        self, document: Mapping[str, Any], folder: Path, progress: Progress = ..., clock: Clock | None = ...
    ) -> AbstractContextManager[Desk]: ...

    def store(self, config: Path) -> AbstractContextManager[Store]: ...

    def book(self, config: Path) -> RuleBook: ...

    def book_at(self, path: Path | None) -> RuleBook: ...

    def check(self, config: Path) -> list[str]: ...

    def products(self, config: Path | None) -> tuple[Mapping[str, Product], tuple[str, ...]]: ...

    def schedule(self, config: Path) -> Schedule: ...

    def origins(self, config: Path) -> list[Any]: ...

    def log(self, config: Path) -> AbstractContextManager[Log]: ...


@dataclass
class _Door:
    house: Callable[[], Any] | None = None


_door = _Door()


def enter(house: Callable[[], Any]) -> None:
    """The house is handed in once, at the start of the program."""
    _door.house = house


def house() -> House:
    if _door.house is None:
        raise RuntimeError("the command line was started without a house")
    found: House = _door.house()
    return found


def language(asked: str) -> str:
    """The language asked for, else the terminal's, else Chinese."""
    from connector.errors import UsageError
    from connector.i18n import LANGUAGES
    from connector.model.faults import fault

    if asked and asked not in LANGUAGES:
        raise fault(UsageError, "command.no_language", "--lang", found=asked, known=", ".join(LANGUAGES))
    if asked:
        return asked
    spoken = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if spoken.startswith("en") else "zh_CN"


def print_json(document: object) -> None:
    import orjson

    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n")


def parse_day(text: str) -> Any:
    """`2026-07-31` → a date; UsageError otherwise."""
    from datetime import date

    from connector.errors import UsageError
    from connector.model.faults import fault

    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise fault(UsageError, "command.no_day", "--as-of", found=text) from error
    if not 2000 <= day.year <= 2200:
        raise fault(UsageError, "command.no_business_day", "--as-of", found=text)
    return day


def explain_error(error: Exception, lang: str) -> int:
    """Show an error of ours as place, cause and mend; returns the exit code."""
    from connector.cli.screen import as_typed
    from connector.errors import ConnectorError, UsageError
    from connector.i18n import text
    from connector.model.faults import words_of

    assert isinstance(error, ConnectorError)
    place = f"{error.place}: " if error.place else ""
    kind = text(f"error.{type(error).__name__}", lang)
    message, mend = words_of(error, lang)
    sys.stderr.write(as_typed(f"✗ {kind} {place}{message}") + "\n")
    if mend:
        sys.stderr.write(as_typed(f"  → {mend}") + "\n")
    return USAGE if isinstance(error, UsageError) else FAILED


@contextmanager
def progress_shown(is_quiet: bool, lang: str) -> Iterator[Callable[[str, int], None]]:
    """A line on standard error that tells what a long run is doing; silent for `--json` and in files."""
    if is_quiet or not sys.stderr.isatty():
        yield lambda stage, rows: None
        return
    from rich.console import Console

    from connector.i18n import text

    console = Console(stderr=True)
    with console.status(text("stage.start", lang)) as status:
        counts: dict[str, int] = {}

        def show(stage: str, rows: int) -> None:
            counts[stage] = rows
            status.update(f"{text(f'stage.{stage}', lang)} {rows:,}" if rows else text(f"stage.{stage}", lang))

        yield show
