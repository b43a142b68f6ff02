"""The papers of a night on disk: findings.json, plan.json, proof.json, report.html, reconciliation.xlsx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from connector.model.runs import NightRecord
from connector.reports.page import render_page
from connector.reports.workbook import write_workbook

PAPERS = ("findings.json", "plan.json", "proof.json", "report.html", "reconciliation.xlsx")


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
