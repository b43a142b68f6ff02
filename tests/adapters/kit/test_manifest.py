import pytest

from connector.adapters.contract import SinkKind
from connector.adapters.kit.manifest import load_manifest
from connector.errors import ConfigError

TEXT = """
adapter: some_product
title: {zh_CN: 产品, en: Product}
roles: [finance]
streams: [person, open_item]
sinks:
  - {kind: risk_flag, write: upsert}
  - {kind: exit_hold, write: append, landing_s: 90}
"""


def test_a_manifest_is_read() -> None:
    found = load_manifest(TEXT, "here")
    assert (found.adapter, found.title["zh_CN"], found.streams) == (
        "some_product",
        "产品",
        ("person", "open_item"),
    )
    assert found.sink("exit_hold") == SinkKind("exit_hold", "append", 90.0)
    assert found.sink("todo") is None and found.proves_end_by == "empty_page"


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "x",
        "adapter: a",
        TEXT + "colour: red",
        TEXT.replace("finance", "boss"),
        TEXT.replace("upsert", "maybe"),
    ],
)
def test_a_manifest_that_says_something_unknown_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="here"):
        load_manifest(text, "here")
