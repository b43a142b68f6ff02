"""The composition root: what the settings say reaches whom it concerns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.adapters import registry
from connector.adapters.contract import Setting
from connector.adapters.kit.clock import SystemClock
from connector.app import build_connections
from connector.errors import ConfigError
from connector.settings import load_settings

CONFIG = """
company: {code: c}
mappings: mappings
connections:
  hr: {adapter: files, folder: .}
"""


def test_the_overlay_of_a_product_is_told_to_its_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "files.yaml").write_text("streams: {employee: {name: 称呼}}", "utf-8")
    (tmp_path / "connector.yaml").write_text(CONFIG, "utf-8")
    told: list[Setting] = []
    build = registry.build

    def listen(adapter: str, options: dict[str, Any], setting: Setting, known: Any) -> Any:
        told.append(setting)
        return build(adapter, options, setting, known)

    monkeypatch.setattr(registry, "build", listen)
    (connection,) = build_connections(load_settings(tmp_path / "connector.yaml"), SystemClock())
    assert "称呼" in told[0].overlay
    assert "称呼" in connection.mappings["employee"].sources


@pytest.mark.parametrize(("said", "percent"), [("", 5), ("shrink_percent: 30", 30)])
def test_how_much_a_stream_may_shrink_is_said_by_its_connection(tmp_path: Path, said: str, percent: int) -> None:
    (tmp_path / "connector.yaml").write_text(CONFIG.replace("folder: .", f"folder: ., {said}"), "utf-8")
    (connection,) = build_connections(load_settings(tmp_path / "connector.yaml"), SystemClock())
    assert connection.shrink_percent == percent


@pytest.mark.parametrize("said", ["101", "-1", "lots", "true"])
def test_a_share_that_is_none_is_named_with_its_connection(tmp_path: Path, said: str) -> None:
    text = CONFIG.replace("folder: .", f"folder: ., shrink_percent: {said}")
    (tmp_path / "connector.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"connections\.hr\.shrink_percent: .*expected a whole number from 0 to 100"):
        build_connections(load_settings(tmp_path / "connector.yaml"), SystemClock())
