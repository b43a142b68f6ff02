"""JSON from strangers: size, depth and digits are bounded before anything believes it; numbers stay exact.

An error names the place and the offset, never what stood there.
"""

from __future__ import annotations

import json as _json
import re
from decimal import Decimal
from itertools import chain
from typing import Any

import orjson

from connector.errors import WireError

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 32
MAX_VALUES = 4_000_000  # in one answer; a full page of rows has some hundred thousand
MAX_DIGITS = 40  # of one number; money has 15, the longest ids seen 19

# A binary float keeps 15 digits for certain. Only a longer run is worth the exact, slower reader. The run is
# looked for in a picture of the body, digits and dots as `0` and the rest blank: 20 times a regex's speed.
_PICTURE = bytes(0x30 if chr(code) in "0123456789." else 0x20 for code in range(256))
_LONG_NUMBER = b"0" * 17

# An escape within a text, two halves of a character as one. JSON can say half a character, no text can hold it.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|u(?P<half>[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def parse(body: bytes, place: str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Body → lists, dicts, str, int, float, bool, None (Decimal where a float is not exact), or WireError.

    Half a character (a surrogate without its other half) is read as `�`: one odd name must not hide the other rows.
    """
    if len(body) > max_bytes:
        raise WireError(f"found {len(body)} bytes, expected at most {max_bytes}", place=place)
    values = body.count(b",") + body.count(b"[") + body.count(b"{")
    if values > MAX_VALUES:
        raise WireError(f"found more than {MAX_VALUES} values", place=place)
    try:
        parsed = _read(body)
    except orjson.JSONDecodeError as error:
        raise WireError(f"not readable as JSON at offset {error.pos}", place=place) from None
    except _Refused as refused:
        raise WireError(str(refused), place=place) from None
    except (ValueError, RecursionError) as error:
        offset = getattr(error, "pos", getattr(error, "start", 0))
        raise WireError(f"not readable as JSON at offset {offset}", place=place) from None
    if _is_deeper(parsed, max_depth):
        raise WireError(f"nested deeper than {max_depth} levels", place=place)
    return parsed


def _read(body: bytes) -> Any:
    reader = _exact if _LONG_NUMBER in body.translate(_PICTURE) else orjson.loads
    try:
        return reader(body)
    except orjson.JSONDecodeError:
        whole = _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["half"] else escape[0], body)
        if whole == body:
            raise
    return reader(whole)


class _Refused(Exception):
    """A number or word that JSON does not have, or more of it than anybody means."""


def _exact(body: bytes) -> Any:
    orjson.loads(body)  # well-formed, UTF-8 and of bounded depth, or it ends here
    text = body.decode("utf-8")
    return _json.loads(text, parse_int=_whole, parse_float=_fraction, parse_constant=_constant)


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _Refused(f"found a number of {len(text)} digits, expected at most {MAX_DIGITS}")
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise _Refused(f"found a number of {len(text)} digits, expected at most {MAX_DIGITS}")
    return Decimal(text)


def _constant(text: str) -> Any:
    raise _Refused(f"found {text}, which JSON does not have")


def _is_deeper(parsed: Any, levels: int) -> bool:
    """Level by level, so that depth costs no stack and a flat table costs one pass over its types."""
    nodes = [parsed] if isinstance(parsed, (list, dict)) else []
    for _ in range(levels):
        if not nodes:
            return False
        inner = [node.values() if type(node) is dict else node for node in nodes]
        if not {list, dict} & set(map(type, chain.from_iterable(inner))):
            return False
        nodes = [child for child in chain.from_iterable(inner) if type(child) is list or type(child) is dict]
    return bool(nodes)
