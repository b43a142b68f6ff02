"""Settings: what is read, what is refused, and that no secret stands in a file or in an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.app import House
from connector.errors import ConfigError
from connector.settings import load_settings, resolve_secret

COMPANY = {"company": {"code": "c"}}
SECRET = "s3cr3t-Pa55"


def written(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "connector.yaml"
    path.write_text(yaml.safe_dump(COMPANY | document), "utf-8")
    return path


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"company": {"code": "A B"}}, "company.code"), ({"company": {"code": "c", "currency": "yuan"}}, "currency"),
        ({"company": {"code": "c", "time_zone": "Mars"}}, "time_zone"), ({"compny": {}}, "compny"),
        ({"company": {}}, "company.code"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, document: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, document))
    assert place in caught.value.place


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_COMPANY__LANGUAGE", "en")
    assert load_settings(written(tmp_path, {})).company.language == "en"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, {"data_dir": "here"})).data_dir == tmp_path / "here"


def test_a_file_that_is_no_yaml_is_named_without_what_stands_in_it(tmp_path: Path) -> None:
    path = tmp_path / "connector.yaml"
    path.write_text(f"app_secret: {SECRET}: oops\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert SECRET not in str(caught.value) and "line 1" in caught.value.place


def test_an_override_that_is_no_json_is_named_without_what_stands_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_CONNECTIONS", f'{{"k": {{"app_secret": "{SECRET}"')
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, {}))
    assert caught.value.place == "CONNECTOR_CONNECTIONS" and "CONNECTOR_CONNECTIONS__NAME" in caught.value.mend
    assert SECRET not in str(caught.value) and caught.value.__cause__ is None


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="folder"):
        load_settings(tmp_path)


def test_a_secret_comes_from_the_environment_or_a_file_of_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(written(tmp_path, {}))
    monkeypatch.setenv("MINE", SECRET)
    assert resolve_secret("env:MINE", "connections.k.app_secret", settings) == SECRET
    (tmp_path / "k").write_text(SECRET + "\n", "utf-8")
    (tmp_path / "k").chmod(0o600)
    assert resolve_secret("file:k", "connections.k.app_secret", settings) == SECRET
    (tmp_path / "k").chmod(0o644)
    with pytest.raises(ConfigError, match="others"):
        resolve_secret("file:k", "connections.k.app_secret", settings)
    monkeypatch.setenv("CONNECTOR_CONNECTIONS__K__APP_SECRET", SECRET)
    assert resolve_secret(SECRET, "connections.k.app_secret", settings) == SECRET


@pytest.mark.parametrize(
    ("value", "is_url"),
    [
        (SECRET, False), (f"https://{SECRET}", False), (f"postgresql://u:{SECRET}@h/hr", True),
        (f"postgresql://u@h/hr?password={SECRET}", True), (f"mysql://u@h/hr?PASSWD={SECRET}", True),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, value: str, is_url: bool) -> None:
    settings = load_settings(written(tmp_path, {}))
    with pytest.raises(ConfigError) as caught:
        resolve_secret(value, "connections.hr.url", settings, is_url)
    assert SECRET not in str(caught.value)


def test_a_url_without_a_password_may_stand_in_the_file(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, {}))
    assert resolve_secret("sqlite:///hr.db", "connections.hr.url", settings, True) == "sqlite:///hr.db"


@pytest.mark.parametrize(
    "store", [f"postgresql+psycopg://u:{SECRET}@h/c", "nonsense", "oracle://h/c", "postgresql+psycopg://h:port/c"]
)
def test_a_store_that_cannot_be_used_is_refused_without_its_password(tmp_path: Path, store: str) -> None:
    with pytest.raises(ConfigError) as caught, House().desk(written(tmp_path, {"store": store})):
        pass
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("where", [f"u:{SECRET}@h/c", f"u@h/c?PassWord={SECRET}", f"u@h/c?a=b&passwd={SECRET}"])
def test_a_check_shows_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("STORE", f"postgresql+psycopg://{where}")
    lines = House().check(written(tmp_path, {"store": "env:STORE"}))
    assert SECRET not in "".join(lines) and "***" in "".join(lines)


def test_two_connections_may_not_deliver_one_stream(tmp_path: Path) -> None:
    files = {"adapter": "files", "folder": str(tmp_path)}
    with pytest.raises(ConfigError, match="both deliver `employee`"):
        House().check(written(tmp_path, {"connections": {"a": files, "b": files}}))
