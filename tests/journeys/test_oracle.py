"""Generated companies, clean and dirty, through the real protocols: what is found equals plain SQL over their files."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest

from connector.app import House
from connector.cli.main import run
from connector.sandbox.company import generate_company
from tests.journeys.oracle import RULES, expected


def found(folder: Path, out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and documents of one live night against the stand-ins of a folder."""
    code = run(["demo", "--company", str(folder), "--out", str(out), "--lang", "en", *more], House)
    return code, {name: orjson.loads((out / f"{name}.json").read_bytes()) for name in ("findings", "plan", "proof")}


def hits(findings: list[dict[str, Any]]) -> dict[str, set[str]]:
    subjects: dict[str, set[str]] = {rule: set() for rule in RULES}
    for finding in findings:
        if finding["verdict"] == "hit" and finding["rule"] in subjects:
            subjects[finding["rule"]].add(finding["subject"])
    return subjects


@pytest.mark.parametrize("seed", range(4))
def test_a_clean_company_gives_what_the_files_say(tmp_path: Path, seed: int, capsys: Any) -> None:
    generate_company(tmp_path / "company", seed=seed, dirty=False)
    code, papers = found(tmp_path / "company", tmp_path / "out")
    assert hits(papers["findings"]["findings"]) == expected(tmp_path / "company")
    assert {row["difference"] for row in papers["proof"]["books"].values()} == {"0.00"}
    assert all(stream["complete"] for stream in papers["proof"]["streams"])
    assert code in (0, 4)  # 4: the brakes held a part


@pytest.mark.parametrize("seed", range(10, 18))
def test_a_dirty_company_gives_what_the_files_say(tmp_path: Path, seed: int, capsys: Any) -> None:
    generate_company(tmp_path / "company", seed=seed, dirty=True)
    _, papers = found(tmp_path / "company", tmp_path / "out")
    assert hits(papers["findings"]["findings"]) == expected(tmp_path / "company")
    assert {row["difference"] for row in papers["proof"]["books"].values()} == {"0.00"}
    for stream in papers["proof"]["streams"]:
        assert stream["rows"] == stream["staged"] + stream["rejected"]


@pytest.mark.parametrize("seed", range(30, 33))
def test_a_borrower_whom_hr_calls_otherwise_is_disputed_and_nobody_answers_for_him(
    tmp_path: Path, seed: int, capsys: Any
) -> None:
    generate_company(tmp_path / "company", seed=seed, dirty=False)
    with (tmp_path / "company" / "employees.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    borrowers = sorted({number for rule in RULES for number in expected(tmp_path / "company")[rule]}
                       & {row["number"] for row in rows})
    renamed = set(borrowers[::2])
    assert renamed
    for row in rows:  # somebody else, or the same written otherwise: words turned round, in capitals; or with a space
        words = row["name"].split()
        same = " ".join(reversed(words)).upper() if len(words) > 1 else f"{row['name'][:1]} {row['name'][1:]}"
        row["name"] = "Somebody Else" if row["number"] in renamed else same
    store = sqlite3.connect(tmp_path / "hr.sqlite")
    store.execute(f"CREATE TABLE employees ({', '.join(rows[0])})")
    store.executemany(f"INSERT INTO employees VALUES ({', '.join('?' * len(rows[0]))})",
                      [[value or None for value in row.values()] for row in rows])
    store.commit()
    _, papers = found(tmp_path / "company", tmp_path / "out", "--hr-url", f"sqlite:///{tmp_path / 'hr.sqlite'}")
    assert hits(papers["findings"]["findings"]) == expected(tmp_path / "company", renamed)


def test_every_rule_is_hit_somewhere_in_the_generated_companies(tmp_path: Path) -> None:
    seen: set[str] = set()
    for seed in range(10, 18):
        generate_company(tmp_path / str(seed), seed=seed, dirty=True)
        seen |= {rule for rule, subjects in expected(tmp_path / str(seed)).items() if subjects}
    assert seen == set(RULES)
