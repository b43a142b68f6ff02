"""Findings: a rule's opinion of one subject, as a frame and as a document. No text; the language comes at the door."""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

FINDING_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "rule": pl.String,
    "over": pl.String,  # employee | loan | exit
    "subject": pl.String,  # number of the employee, loan or exit
    "employee": pl.String,  # number in HR, null when nobody is linked
    "verdict": pl.String,  # hit | unknown
    "facts": pl.String,  # canonical JSON
}

EVIDENCE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "rule": pl.String,
    "over": pl.String,
    "subject": pl.String,
    "system": pl.String,
    "ref": pl.String,
    "field": pl.String,
    "value": pl.String,
    "seen_at": pl.Datetime("us", "UTC"),
}


def key(rule: str, over: str, subject: str) -> str:
    """A finding's name: no date in it, so that it is the same on every night it stands."""
    return f"{rule}|{over}|{subject}"


def no_findings() -> pl.DataFrame:
    return pl.DataFrame(schema=FINDING_SCHEMA)


def no_evidence() -> pl.DataFrame:
    return pl.DataFrame(schema=EVIDENCE_SCHEMA)


def documents(
    findings: pl.DataFrame, evidence: pl.DataFrame, opened: dict[str, str], graded: dict[str, tuple[str, list[str]]]
) -> list[dict[str, Any]]:
    """Findings as in findings.json. `opened`: key → first day; `graded`: rule → (severity, audience)."""
    seen: dict[str, list[dict[str, Any]]] = {}
    for row in evidence.iter_rows(named=True):
        seen.setdefault(key(row["rule"], row["over"], row["subject"]), []).append(
            {"system": row["system"], "ref": row["ref"], "field": row["field"], "value": row["value"],
             "seen_at": row["seen_at"].isoformat().replace("+00:00", "Z") if row["seen_at"] else None}
        )
    found = []
    for row in findings.sort("rule", "over", "subject").iter_rows(named=True):
        name = key(row["rule"], row["over"], row["subject"])
        severity, audience = graded[row["rule"]]
        found.append({
            "key": name, "rule": row["rule"], "over": row["over"], "subject": row["subject"],
            "employee": row["employee"], "verdict": row["verdict"], "severity": severity, "audience": audience,
            "opened_on": opened.get(name), "facts": orjson.loads(row["facts"]),
            "evidence": seen.get(name, []),
        })
    return found
