"""Logs: what the product does, one JSON object a line. Alone imports structlog.

Promises: a field that is not allowed by name never gets into a line, nor does a text that is no code. People are left
out altogether: no name, no employee number (nor a hash of one: there are so few that it could be guessed), no record
number, no amount, no message of a foreign system.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from datetime import date
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import orjson
import structlog

from connector.engine.local import Log

# Everything that a line may say. A new field is a decision: could it name a person?
ALLOWED = frozenset({
    "event", "level", "at", "logger", "company", "version", "run", "as_of", "mode", "state", "cause", "attempt",
    "seconds", "retry_at", "due_at", "actions", "held", "troubles", "schedule", "time_zone",
})
# A code, a number, a day or an instant. Sentences, which may hold anything, do not pass.
_CODE = re.compile(r"[A-Za-z0-9_.:+/-]{0,80}")
# Events that somebody should look at end in one of these.
_GRAVE = ("failed", "lost", "overtaken")
# Five files of 10 MiB hold years of nights.
_FILE_BYTES, _FILES = 10 * 2**20, 5

Event = MutableMapping[str, Any]


@contextmanager
def open_log(file: Path | None, company: str) -> Iterator[Log]:
    """A log into a file that is rotated, or to standard error. Libraries' warnings come too, without their words."""
    handler = _handler(file)
    own, root = logging.getLogger("connector.says"), logging.getLogger()
    own.propagate, own.level, root_level = False, logging.INFO, root.level
    foreign = _Foreign(own)
    own.addHandler(handler)
    root.addHandler(foreign)
    logger = structlog.wrap_logger(own, wrapper_class=structlog.stdlib.BoundLogger, processors=[
        structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        only_allowed, _rendered,
    ], company=company)

    def say(event: str, **facts: object) -> None:
        (logger.warning if event.endswith(_GRAVE) else logger.info)(event, **facts)

    foreign.say = say
    try:
        yield say
    finally:
        root.removeHandler(foreign)
        own.removeHandler(handler)
        root.level = root_level
        handler.close()


def _handler(file: Path | None) -> logging.Handler:
    if file is None:
        return logging.StreamHandler(sys.stderr)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_FILES - 1, encoding="utf-8", delay=True)


class _Foreign(logging.Handler):
    """What libraries say: who and how grave, not what: their messages may hold anything."""

    def __init__(self, own: logging.Logger) -> None:
        super().__init__(logging.WARNING)
        self.own = own
        self.say: Log = lambda event, **facts: None

    def emit(self, record: logging.LogRecord) -> None:
        self.say("library_failed", logger=record.name)


def only_allowed(_logger: object, _method: str, event: Event) -> Event:
    """Fields by name, values by shape; the rest is left out."""
    return {name: fit for name, value in event.items() if name in ALLOWED and (fit := _fit(value)) is not None}


def _fit(value: object) -> object:
    if isinstance(value, date):  # an instant too
        return value.isoformat()
    if isinstance(value, str):
        return value if _CODE.fullmatch(value) else "unfit"
    return value if isinstance(value, bool | int | float) else None


def _rendered(_logger: object, _method: str, event: Event) -> str:
    return orjson.dumps(event).decode()
