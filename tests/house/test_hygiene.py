"""What a file of this project must not contain, and what must stand beside what.

Promises: no registry, no path of one machine, nothing left undone; the languages say the same things; every
dependency has its reason. The patterns are put together from parts, so that this file does not match itself.
"""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from tests.house.source import (
    PACKAGE,
    ROOT,
    called,
    functions,
    imported,
    name_of,
    of_product,
    of_tests,
    texts,
)

REGISTRIES = "|".join(
    [
        r"py" + r"pi\.(org|io|python)", r"python" + r"hosted\.", r"registry\." + r"npm", r"crates" + r"\.io",
        r"mirrors?\.[a-z]+\.(edu|com|cn)",
        r"conda\." + r"anaconda", r"--(extra-)?" + r"index-url", r"--find" + r"-links",
    ]
)  # fmt: skip
MACHINE_PATHS = "|".join(
    [
        r"/wo" + r"rk/", r"/ro" + r"ot/", r"/ho" + r"me/[a-z]", r"/Us" + r"ers/[A-Za-z]",
        r"[A-Z]:\\\\?Us" + r"ers", r"\.\./sha" + r"red",
    ]
)  # fmt: skip
UNDONE = "|".join(
    [r"\bTO" + r"DO\b(?!:?[a-z])", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b", r"NotImplemented" + r"Error"]
)
LOCKS = ("requirements.lock", "requirements-test.lock")
CATALOG_LANGUAGES = ("zh_CN", "en")
PLACE = re.compile(r"\{([a-z_]+)[^}]*\}")


def matches(pattern: str, skip: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        if not name.startswith(skip)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]


def test_no_file_names_a_package_registry():
    assert matches(REGISTRIES) == []
    assert re.search(REGISTRIES, "https://" + "py" + "pi.org/simple")


def test_no_file_names_a_path_of_one_machine():
    assert matches(MACHINE_PATHS) == []
    assert re.search(MACHINE_PATHS, "open('/wo" + "rk/x')")


def test_nothing_is_left_undone():
    assert matches(UNDONE, skip=("LICENSE",)) == []
    assert re.search(UNDONE, "# TO" + "DO: later")


def catalogs(top: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Catalog (its folder and file, the language left out) → language → key → text."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for path in sorted(top.rglob("*.yaml")):
        parts = path.relative_to(top).with_suffix("").parts
        for language in set(parts) & set(CATALOG_LANGUAGES):
            place = "/".join(part for part in parts if part != language) or "."
            flat = dict(flattened(yaml.safe_load(path.read_text(encoding="utf-8")) or {}))
            found.setdefault(place, {})[language] = flat
    return found


def flattened(node: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, inner in node.items():
            yield from flattened(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, str(node)


def disagreements(top: Path) -> list[str]:
    """Keys that one language lacks, and texts whose named places differ."""
    found = []
    for place, languages in catalogs(top).items():
        chinese, english = (languages.get(language, {}) for language in CATALOG_LANGUAGES)
        found += [f"{place}: {key} is not in both languages" for key in chinese.keys() ^ english.keys()]
        for key in chinese.keys() & english.keys():
            if set(PLACE.findall(chinese[key])) != set(PLACE.findall(english[key])):
                found.append(f"{place}: {key} names other places in the other language")
    return sorted(found)


def test_both_languages_say_the_same_things():
    assert catalogs(PACKAGE) != {}
    assert disagreements(PACKAGE) == []


def test_a_text_in_one_language_only_is_noticed(tmp_path: Path):
    for language, text in {
        "zh_CN": "a: 借款\nb: 欠{amount}\n",
        "en": "b: owes {sum}\nc: {d: exit}\n",
    }.items():
        (tmp_path / language).mkdir()
        (tmp_path / language / "rules.yaml").write_text(text, encoding="utf-8")
    assert len(disagreements(tmp_path)) == 3


def required(file: str) -> set[str]:
    """The names in a requirements file, normalised."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    names = (re.match(r"[A-Za-z][\w.-]*", line) for line in lines)
    return {normal(found.group()) for found in names if found}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("file", ["requirements.in", "requirements-test.in"])
def test_every_dependency_has_its_reason_written_down(file: str):
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = {normal(name) for name in re.findall(r"^\| ([\w.-]+) \|", text, flags=re.MULTILINE)}
    assert required(file) - explained == set()


def unrequired(trees: dict[str, ast.Module], asked: set[str]) -> list[str]:
    """Foreign modules that are imported without being in the list of what is asked for."""
    makers = packages_distributions()
    own = {"connector", "tests", "run", *sys.stdlib_module_names}
    return sorted(
        f"{name}: {module}"
        for name, tree in trees.items()
        for module in {one.split(".")[0] for one in imported(tree) if not one.startswith(".")} - own
        if not asked & {normal(maker) for maker in makers.get(module, [])}
    )


def test_everything_that_is_imported_is_required():
    asked = required("requirements.in")
    assert unrequired(of_product(), asked) == []
    assert unrequired(of_tests(), asked | required("requirements-test.in")) == []
    assert unrequired({"x.py": ast.parse("import unheard_of")}, asked) == ["x.py: unheard_of"]


def pinned(file: str) -> dict[str, str]:
    """Name → its whole entry in a lock file, without the extras it is pinned with."""
    text = (ROOT / file).read_text(encoding="utf-8")
    bare = re.sub(r"^(\S+?)\[\S+?\]==", r"\1==", text, flags=re.MULTILINE)
    entries = re.split(r"^(?=[a-z0-9])", bare, flags=re.MULTILINE)[1:]
    return {entry.split("==")[0]: re.sub(r"\s+#.*", "", entry) for entry in entries}


@pytest.mark.parametrize("file", LOCKS)
def test_every_locked_package_has_a_version_and_hashes(file: str):
    loose = [
        name
        for name, entry in pinned(file).items()
        if not re.match(r"\S+==\S+ .*--hash=sha256:", entry, re.DOTALL)
    ]
    assert pinned(file) != {} and loose == []
    assert "://" not in (ROOT / file).read_text(encoding="utf-8")


def test_what_the_tests_run_on_is_what_the_product_runs_on():
    product_lock, test_lock = (pinned(file) for file in LOCKS)
    assert {name for name in product_lock if product_lock[name] != test_lock.get(name)} == set()
    assert required("requirements.in") <= set(product_lock)


def test_an_extra_that_a_package_asks_for_is_pinned_with_it():
    # pip does not take a version that is pinned without it.
    assert "\npydantic[email]==" in (ROOT / "requirements-test.lock").read_text(encoding="utf-8")


def asserts(test: ast.AST, asserting: set[str]) -> bool:
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = called(node).split(".")[-1]
            if (
                name in asserting
                or name in {"raises", "warns", "fail"}
                or name.startswith(("assert_", "expect_"))
            ):
                return True
    return False


def idle_tests(trees: dict[str, ast.Module]) -> list[str]:
    """Tests that cannot fail by anything they say: no assertion in them or in a function of their module."""
    found = []
    for name, tree in trees.items():
        asserting = {
            one.name for one in functions(tree) if asserts(one, set()) and not one.name.startswith("test_")
        }
        for one in functions(tree):
            if one.name.startswith("test_") and not asserts(one, asserting):
                found.append(f"{name}:{one.lineno}: {one.name}")
    return found


def test_every_test_can_fail():
    assert idle_tests(of_tests()) == []
    assert idle_tests({"x.py": ast.parse("def test_it():\n    run()")}) != []


def test_every_test_is_a_sentence():
    short = [
        f"{name}: {one.name}"
        for name, tree in of_tests().items()
        for one in functions(tree)
        if one.name.startswith("test_") and len(one.name.split("_")) < 4
    ]
    assert short == []


def test_no_test_sleeps():
    sleeping = [
        f"{name}:{node.lineno}"
        for name, tree in of_tests().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in ("time.sleep", "sleep")
    ]
    assert sleeping == []


def test_a_skipped_test_says_why():
    silent = [
        f"{name}:{node.lineno}"
        for name, tree in of_tests().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and called(node) in ("pytest.mark.skip", "pytest.skip", "pytest.mark.skipif")
        if not any(
            isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
            for given in [*node.args, *(k.value for k in node.keywords)]
            for one in ast.walk(given)
        )
    ]
    assert silent == []


def test_at_most_one_test_module_in_ten_mocks():
    modules = {name: tree for name, tree in of_tests().items() if Path(name).name.startswith("test_")}
    mocking = [
        name for name, tree in modules.items() if any(m.startswith("unittest") for m in imported(tree))
    ]
    assert len(mocking) * 10 <= len(modules), mocking


def test_names_below_the_root_are_the_same_on_every_system():
    assert name_of(PACKAGE / "__init__.py") == "connector/__init__.py"
