"""The terminal: plain lines, whatever stands in them. Foreign text is cleaned and never read as markup."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.reports.cells import clean


class Screen:
    """Standard output for people. Colour never carries meaning alone."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def line(self, text: object = "", style: str = "") -> None:
        """One line, or several."""
        self._console.print(Text(clean(text), style=style))

    def rows(self, rows: Iterable[tuple[str, ...]]) -> None:
        """Rows in columns, without a frame."""
        table = Table(box=None, pad_edge=False, show_header=False)
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        self._console.print(table)
