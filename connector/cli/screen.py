"""The terminal: plain lines, whatever stands in them. Foreign text is cleaned and never read as markup."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.i18n.foreign import clean

# A command of ours within a text, as in `connector plan`.
_COMMANDS = (
    "init check doctor live db plan apply run look explain confirm approve link unlink cases demo sandbox serve status"
    " runs retry undo unmark export config rules adapter import --help 命令 COMMAND"
)
_COMMAND = re.compile(rf"(?<![\w/.-])connector (?=(?:{_COMMANDS.replace(' ', '|')})(?!\w))")


def as_typed(text: str) -> str:
    """A text for people, its commands as this user starts them (`python3 run.py plan`); cleaned."""
    me = os.environ.get("CONNECTOR_STARTED_AS", "")
    return _COMMAND.sub(f"{me} ", clean(text)) if me else clean(text)


class Screen:
    """Standard output for people. Colour never carries meaning alone."""

    def __init__(self, is_quiet: bool = False) -> None:
        """`is_quiet`: says nothing, because a document is printed instead."""
        self._console = Console(highlight=False, soft_wrap=True, quiet=is_quiet)

    def line(self, text: object = "", style: str = "") -> None:
        """One line, or several."""
        self._console.print(Text(as_typed(str(text)), style=style))

    def rows(self, rows: Iterable[tuple[str, ...]]) -> None:
        """Rows in columns, without a frame."""
        table = Table(box=None, pad_edge=False, show_header=False)
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        self._console.print(table)
