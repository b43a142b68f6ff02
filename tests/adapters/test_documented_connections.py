"""Every connection that the guide shows is one that its form accepts."""

import re
from pathlib import Path

import pytest
import yaml

from connector.adapters import registry

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "connect-your-systems.md"
BLOCKS = re.findall(r"^ *```yaml\n(.*?)^ *```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
SHOWN = [spec for block in BLOCKS for spec in (yaml.safe_load(block) or {}).values() if "adapter" in spec]


@pytest.mark.parametrize("spec", SHOWN, ids=lambda spec: str(spec["adapter"]))
def test_a_connection_of_the_guide_fits_its_form(spec: dict[str, object]) -> None:
    options = {name: value for name, value in spec.items() if name not in ("adapter", "shrink_percent")}
    assert registry.forms()[str(spec["adapter"])].model_validate(options)


def test_the_guide_shows_every_way_into_hr() -> None:
    ways = {name for name in registry.NAMES if registry.manifest(name).roles == ("hr",)}
    assert ways == {spec["adapter"] for spec in SHOWN}
