"""What one answer may cost: bytes after decompression, ratio, headers, time. Counted while it comes in.

Chunks in, chunks out; no socket and no meaning of the bytes is known here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connector.adapters.contract import Clock

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one answer may cost before it is read. A page of 10,000 rows is about 3 MiB."""

    body_bytes: int = 64 * MIB  # after decompression
    ratio: int = 200  # decompressed : sent, looked at from `ratio_from_bytes` on
    ratio_from_bytes: int = 4 * MIB
    header_bytes: int = 64 * 1024
    answer_s: float = 180.0  # from the first byte sent to the last byte read, however slowly it drips
    connections: int = 4


class TooMuchError(Exception):
    """The answer passes a limit or is not what its headers say; the text never says what stood there."""


class Deadline:
    """Until when the answer in hand must have ended."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds, self._ends = clock, seconds, clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than 0. TooMuchError when there are none."""
        left = self._ends - self._clock.monotonic()
        if left <= 0:
            raise TooMuchError(f"the answer took longer than {self._seconds:.0f} s")
        return left


def bounded(
    chunks: Iterable[bytes], encoding: str, limits: Limits, deadline: Deadline | None
) -> Iterator[bytes]:
    """Chunks of a body as sent → as meant (`encoding` gzip or none). TooMuchError beyond a limit or cut."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise TooMuchError(f"found content encoding {encoding[:20]!r}, expected gzip or none")
    gunzip = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    came = total = 0
    for chunk in chunks:
        came += len(chunk)
        plain = chunk if gunzip is None else _inflated(gunzip, chunk, limits.body_bytes - total + 1)
        total += len(plain)
        if total > limits.body_bytes:
            raise TooMuchError(f"the answer is larger than {limits.body_bytes} bytes")
        if total > limits.ratio_from_bytes and total > came * limits.ratio:
            raise TooMuchError(f"the answer is compressed more than {limits.ratio} times")
        if deadline is not None:
            deadline.left()
        yield plain
    if gunzip is not None and came and not gunzip.eof:
        raise TooMuchError("the compressed answer is cut short")


def _inflated(gunzip: Any, chunk: bytes, at_most: int) -> bytes:
    try:
        plain: bytes = gunzip.decompress(chunk, at_most)
    except zlib.error as error:
        raise TooMuchError("the answer is not readable as gzip") from error
    if gunzip.unused_data:
        raise TooMuchError("found bytes after the end of the compressed answer")
    return plain
