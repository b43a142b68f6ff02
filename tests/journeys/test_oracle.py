"""Generated companies, clean and dirty, through the real protocols: what is found equals plain SQL over their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from connector.app import House
from connector.cli.main import run
from connector.sandbox.company import generate_company
from tests.journeys.oracle import RULES, expected


def found(folder: Path, out: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and documents of one live night against the stand-ins of a folder."""
    code = run(["demo", "--company", str(folder), "--out", str(out), "--lang", "en"], House)
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


def test_every_rule_is_hit_somewhere_in_the_generated_companies(tmp_path: Path) -> None:
    seen: set[str] = set()
    for seed in range(10, 18):
        generate_company(tmp_path / str(seed), seed=seed, dirty=True)
        seen |= {rule for rule, subjects in expected(tmp_path / str(seed)).items() if subjects}
    assert seen == set(RULES)
