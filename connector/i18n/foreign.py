"""Text of strangers made fit to be read by people: without what drives a terminal or turns its direction around.

Never here: what a medium needs beyond that (escapes of HTML, apostrophes of a spreadsheet).
"""

from __future__ import annotations

import re

# Control characters but tab and line feed; byte order mark; marks that turn the direction of what follows.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(value: object) -> str:
    """Text without control characters and without marks that turn its direction."""
    return _SURROGATE.sub("�", _CONTROL.sub("", str(value)))
