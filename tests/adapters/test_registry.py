import sys

import pytest

from connector.adapters import registry
from connector.errors import ConfigError
from connector.mappings.table import load_mapping


@pytest.mark.parametrize("name", registry.NAMES)
def test_a_product_describes_itself(name: str) -> None:
    manifest = registry.manifest(name)
    assert manifest.adapter == name
    assert set(manifest.title) == {"zh_CN", "en"}
    assert set(load_mapping(registry.mapping_text(name), name)) == set(manifest.streams)


@pytest.mark.parametrize("name", registry.NAMES)
def test_a_form_says_what_each_field_is_for_and_refuses_unknown_ones(name: str) -> None:
    form = registry.forms()[name]
    assert all(field.description for field in form.model_fields.values())
    assert form.model_config["extra"] == "forbid"


@pytest.mark.parametrize("name", ["", "os", "../kingdee_cloud", "connector.adapters.files", "kit"])
def test_a_name_outside_the_list_is_refused(name: str) -> None:
    before = set(sys.modules)
    for ask in (registry.manifest, registry.mapping_text, lambda n: registry.build(n, {}, None)):
        with pytest.raises(ConfigError, match="expected one of"):
            ask(name)
    assert set(sys.modules) == before


def test_a_part_that_a_folder_lacks_is_named() -> None:
    product = registry.Product("odd", "connector.adapters.kit", registry.PRODUCTS["files"].load)
    with pytest.raises(ConfigError, match=r"odd manifest\.yaml"):
        product.manifest()
