"""Adapters of other authors: only from packages on the list, only what they declare, and under their own name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.adapters.guests import admit, product_in
from connector.adapters.registry import NAMES
from connector.errors import ConfigError
from connector.i18n import _guests, catalog, text

CODE = """
from connector.adapters.files.adapter import build
from connector.adapters.files.conformance import subject
from connector.adapters.files.connection import FilesForm
from connector.adapters.registry import Parts


def parts() -> Parts:
    return Parts(build, FilesForm, subject)
"""


class Shelf:
    """A folder on the path in which packages stand as an installer leaves them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, package: str, name: str = "clay_hr", value: str = "", code: str = CODE) -> None:
        home, facts = self.folder / package, self.folder / f"{package}-1.dist-info"
        for folder in (home / "texts", facts):
            folder.mkdir(parents=True)
        (home / "__init__.py").write_text(code, "utf-8")
        for language, words in {"zh_CN": "泥", "en": "clay"}.items():
            lines = f"{name}: {{mend: {{odd: {words}}}}}\nstage: {{reach: taken, odd: new}}\n"
            (home / "texts" / f"{language}.yaml").write_text(lines, "utf-8")
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n", "utf-8")
        declared = f"[connector.adapters]\n{name} = {value or package + ':parts'}\n"
        (facts / "entry_points.txt").write_text(declared, "utf-8")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield Shelf(tmp_path)
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
    _guests.clear()
    catalog.cache_clear()


def test_a_package_on_the_list_brings_its_adapter(shelf: Shelf) -> None:
    shelf.put("guest_one")
    found = admit(["guest-one"])
    assert set(found) == {*NAMES, "clay_hr"}
    assert found["clay_hr"].form().__name__ == "FilesForm"


def test_a_package_that_is_not_on_the_list_is_not_even_imported(shelf: Shelf) -> None:
    shelf.put("guest_two", code="raise SystemExit('imported')")
    assert set(admit([])) == set(NAMES)
    assert "guest_two" not in sys.modules


def test_a_package_on_the_list_lets_no_other_in(shelf: Shelf) -> None:
    shelf.put("guest_six", name="clay_six")
    shelf.put("guest_seven", name="clay_seven")
    assert set(admit(["guest_six"])) == {*NAMES, "clay_six"}
    assert "guest_seven" not in sys.modules


def test_a_guest_speaks_under_its_own_name_only(shelf: Shelf) -> None:
    shelf.put("guest_three")
    before = text("stage.reach", "en")
    admit(["guest_three"])
    assert (text("clay_hr.mend.odd", "zh_CN"), text("stage.reach", "en")) == ("泥", before)
    assert text("stage.odd", "en") == "stage.odd"


@pytest.mark.parametrize("package", ["os", "connector", "guest_nobody", "../guest_one", ""])
def test_a_name_that_declares_nothing_is_refused(shelf: Shelf, package: str) -> None:
    with pytest.raises(ConfigError, match="declares an adapter"):
        admit([package])


@pytest.mark.parametrize(
    ("put", "words"),
    [
        ({"name": "files"}, "there is one already"), ({"code": "import nothing_like_it"}, "cannot be loaded"),
        ({"value": "guest_four:other"}, "cannot be loaded"),
    ],
)
def test_a_guest_that_does_not_fit_is_named(shelf: Shelf, put: dict[str, str], words: str) -> None:
    shelf.put("guest_four", **put)
    with pytest.raises(ConfigError, match=words):
        admit(["guest_four"])


def test_a_guest_that_gives_something_else_is_named_when_it_is_used(shelf: Shelf) -> None:
    shelf.put("guest_five", code="def parts():\n    return 7")
    with pytest.raises(ConfigError, match="gave int"):
        admit(["guest_five"])["clay_hr"].form()


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"entry-points"):
        product_in(tmp_path)
