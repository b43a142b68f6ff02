"""Every setting says where it comes from, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.origins import HIDDEN, Origin, origins

TEXT = """company:
  code: acme
  title: 一家公司
store: postgresql+psycopg://svc:S3cret-Pa55@db.example.com/connector
connections:
  oa:
    adapter: dingtalk
    app_key: ding1
    app_secret: S3cret-Pa55
    service_user: svc
    process_codes: {exit: E, loan: L}
  hr:
    adapter: sql_store
    url: env:HR_URL
    profile: company
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "connector.yaml"
    path.write_text(TEXT, "utf-8")
    return path


def shown(file: Path) -> dict[str, Origin]:
    return {one.name: one for one in origins(file)}


@pytest.mark.parametrize(("name", "line"), [
    ("company.title", 3), ("connections.oa.app_key", 8), ("connections.oa.process_codes.loan", 11),
])
def test_a_value_of_the_file_names_its_line(file: Path, name: str, line: int) -> None:
    assert (shown(file)[name].origin, shown(file)[name].place) == ("file", f"{file}:{line}")


@pytest.mark.parametrize(("name", "value"), [
    ("company.currency", "CNY"), ("schedule.nightly", "30 1 * * *"), ("connections.oa.calls_per_day", 2000),
    ("connections.oa.form_fields.employee", "工号"),
])
def test_what_stands_nowhere_is_a_default_of_ours_or_of_the_product(file: Path, name: str, value: object) -> None:
    assert shown(file)[name] == Origin(name, value, "default", "")


def test_the_environment_wins_and_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_COMPANY__TITLE", "另一家")
    monkeypatch.setenv("CONNECTOR_SCHEDULE", '{"nightly": "0 2 * * *"}')
    found = shown(file)
    assert found["company.title"] == Origin("company.title", "另一家", "environment", "CONNECTOR_COMPANY__TITLE")
    assert (found["schedule.nightly"].value, found["schedule.nightly"].place) == ("0 2 * * *", "CONNECTOR_SCHEDULE")
    assert found["company.code"].origin == "file"


def test_no_secret_is_shown_only_where_it_is_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_CONNECTIONS__HR__URL", "postgresql://svc:S3cret-Pa55@db/hr")
    found = shown(file)
    assert found["connections.oa.app_secret"].value == HIDDEN == found["connections.hr.url"].value
    assert "S3cret-Pa55" not in str(found) and "***" in found["store"].value
    monkeypatch.delenv("CONNECTOR_CONNECTIONS__HR__URL")
    assert shown(file)["connections.hr.url"].value == "env:HR_URL"
