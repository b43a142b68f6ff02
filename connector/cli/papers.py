"""The papers of a night on disk: findings.json, plan.json, proof.json, report.html, reconciliation.xlsx."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import orjson

from connector.errors import StateError
from connector.model.runs import NightRecord
from connector.reports.page import render_page
from connector.reports.workbook import write_workbook

# Where the list begins in findings.json. Within a JSON text a quotation mark is escaped, so it cannot be met earlier.
_LIST = re.compile(r'"findings":\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def write_papers(record: NightRecord, folder: Path, language: str) -> None:
    """Write all five; each is whole or the one before it stands."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder / "findings.json", _json(record.findings))
    _write(folder / "plan.json", _json(record.plan))
    _write(folder / "proof.json", _json(record.proof))
    _write(folder / "report.html", render_page(record, language).encode())
    part = folder / ".reconciliation.part.xlsx"
    write_workbook(record, part, language)
    part.chmod(0o600)
    part.replace(folder / "reconciliation.xlsx")


def _json(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.chmod(0o600)
    part.replace(path)


class Findings:
    """The findings of a findings.json, read one by one as often as they are walked, whatever the size of the file.

    StateError when the file is not what a night wrote.
    """

    # Characters read at a time.
    _PIECE = 1 << 20

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[dict[str, Any]]:
        decoder = json.JSONDecoder()
        with self._path.open(encoding="utf-8") as file:
            pending, at = self._up_to_the_list(file), 0
            while True:
                at = _BETWEEN.match(pending, at).end()  # type: ignore[union-attr]  # it matches nothing, too
                if pending.startswith("]", at):
                    return
                try:
                    found, at = decoder.raw_decode(pending, at)
                except json.JSONDecodeError:  # the object goes on behind what was read
                    more = file.read(self._PIECE)
                    if not more:
                        raise StateError("ends in the middle", place=str(self._path), mend="connector plan") from None
                    pending, at = pending[at:] + more, 0
                    continue
                yield found

    def _up_to_the_list(self, file: TextIO) -> str:
        text = ""
        while (start := _LIST.search(text)) is None:
            more = file.read(self._PIECE)
            if not more:
                raise StateError("holds no findings", place=str(self._path), mend="connector plan")
            text += more
        return text[start.end():]
