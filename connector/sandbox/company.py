"""Made-up companies, written as company folders: the built-in one of thirty, and as many as there are seeds.

Promises: the same arguments write the same bytes: UTF-8, LF, ISO dates, two decimals. Never here: anything
that is read at night.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from connector.sandbox.approval_steps import CHAIN
from connector.sandbox.folder import COLUMNS, Company, Row
from connector.sandbox.generated import generate_tables
from connector.sandbox.sample import SAMPLE_DEBTOR, SAMPLE_NAME, SAMPLE_STORY, sample_story, sample_tables

__all__ = [
    "SAMPLE_DEBTOR",
    "SAMPLE_STORY",
    "generate_company",
    "sample_story",
    "write_company",
    "write_sample_company",
]

# The account whose task the clearance is.
_SERVICE_USER = "svc_finance"
# Where a generated company stands unless it is asked otherwise.
GENERATED_ON = date(2026, 7, 31)


def write_sample_company(folder: Path, as_of: date) -> None:
    """Write the built-in company of thirty into a folder, which is made if it is not there."""
    company = Company(
        SAMPLE_NAME, as_of, approval_chain=[[node] for node in CHAIN], service_user=_SERVICE_USER
    )
    write_company(folder, company, sample_tables(as_of))


def generate_company(
    folder: Path, *, seed: int, employees: int = 40, as_of: date = GENERATED_ON, dirty: bool = True
) -> None:
    """Write a company by chance, the same for the same seed. `dirty`: with what real folders suffer from.

    `employees`: at least 1. A dirty company has some rows more: duplicates, re-hires.
    """
    chain, tables = generate_tables(seed, employees, as_of, dirty)
    name = f"generated-{seed}-{employees}-{'dirty' if dirty else 'clean'}"
    write_company(folder, Company(name, as_of, approval_chain=chain, service_user=_SERVICE_USER), tables)


def write_company(folder: Path, company: Company, tables: Mapping[str, Sequence[Row]]) -> None:
    """Write company.toml and a CSV file for each table, with all the columns of the folder's format."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        f"name = {_quoted(company.name)}",
        f"as_of = {company.as_of.isoformat()}",
        f"currency = {_quoted(company.currency)}",
        f"time_zone = {_quoted(company.zone.key)}",
        f"approval_chain = {json.dumps(company.approval_chain, ensure_ascii=False)}",
        f"service_user = {_quoted(company.service_user)}",
    ]
    _write(folder / "company.toml", "\n".join(lines) + "\n")
    for table, rows in tables.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS[table], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        _write(folder / f"{table}.csv", text.getvalue())


def _quoted(text: str) -> str:
    """A basic string of TOML; JSON's escapes are a part of its own."""
    return json.dumps(text, ensure_ascii=False)


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))
