"""Which file of the folder is meant, and its bytes, whole. Nothing is understood and nothing is written here."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from connector.adapters.files.connection import NamedFile
from connector.adapters.files.faults import fault
from connector.errors import ConfigError, RetryableError, WireError

if sys.platform != "win32":
    from fcntl import LOCK_NB, LOCK_SH, LOCK_UN, flock

# Bytes. A million employees as CSV are about 120 MB; beyond this it is no spreadsheet of a company.
MOST_BYTES = 512 << 20
_DATED = re.compile(r"(?<!\d)(20\d\d)(?:(\d\d)(\d\d)?|[-_.年](\d\d?)(?:[-_.月](\d\d?))?)(?!\d)")
# Names of files that are on their way, or are the lock of a program that has the file open.
_NOT_YET = ("~$", ".")
_WINDOWS_LOCKED = 32


@dataclass(frozen=True)
class Taken:
    """A file as it was at one moment."""

    place: Path
    content: bytes
    seen: tuple[int, int, int]

    @property
    def is_unchanged(self) -> bool:
        """Whether the very same file still stands there."""
        try:
            return _fingerprint(self.place.stat()) == self.seen
        except OSError:
            return False


def choose(folder: Path, named: NamedFile) -> Path:
    """The file of that name, or of the pattern the one with the newest date in its name. ConfigError: none, or two."""
    if named.name:
        return folder / named.name
    here = [p.name for p in _listed(folder) if fnmatchcase(p.name, named.pattern) and not p.name.startswith(_NOT_YET)]
    place = str(folder / named.pattern)
    if not here:
        raise fault(ConfigError, "no_match", place)
    dated = {name: _date_in(name) for name in here}
    undated = sorted(name for name, on in dated.items() if on is None)
    if undated:
        raise fault(ConfigError, "no_date", place, names=", ".join(undated[:3]))
    newest = max(on for on in dated.values() if on is not None)
    found = sorted(name for name, on in dated.items() if on == newest)
    if len(found) > 1:
        raise fault(ConfigError, "same_date", place, names=", ".join(found), date=newest)
    return folder / found[0]


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise fault(ConfigError, "no_folder", str(folder), cause=error.strerror) from error


def _date_in(name: str) -> date | None:
    """The one date in a name (`20260731`, `2026-07-31`, `2026年7月31日`, `202607`); none or several: None."""
    found = set()
    for year, *parts in _DATED.findall(name):
        month, day = parts[0] or parts[2], parts[1] or parts[3] or "1"
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None


def take(place: Path) -> Taken:
    """The whole file. ConfigError when it cannot be read, RetryableError when locked, WireError when too large."""
    try:
        with place.open("rb") as file:
            seen = os.fstat(file.fileno())
            if seen.st_size > MOST_BYTES:
                raise fault(WireError, "too_large", str(place), found=seen.st_size >> 20, limit=MOST_BYTES >> 20)
            return Taken(place, _read(file, place), _fingerprint(seen))
    except FileNotFoundError as error:
        raise fault(ConfigError, "no_file", str(place)) from error
    except OSError as error:
        if getattr(error, "winerror", None) == _WINDOWS_LOCKED:
            raise fault(RetryableError, "locked", str(place)) from error
        raise fault(ConfigError, "no_right", str(place), cause=error.strerror) from error


def _read(file: BinaryIO, place: Path) -> bytes:
    """Everything, while nobody who asks for the lock may write. On Windows a locked file cannot even be opened."""
    if sys.platform == "win32":
        return file.read()
    else:
        try:
            flock(file, LOCK_SH | LOCK_NB)
        except BlockingIOError as error:
            raise fault(RetryableError, "locked", str(place)) from error
        except OSError:  # a file system that knows no locks
            return file.read()
        content = file.read()
        flock(file, LOCK_UN)
        return content


def _fingerprint(found: os.stat_result) -> tuple[int, int, int]:
    return (found.st_mtime_ns, found.st_size, found.st_ino)
