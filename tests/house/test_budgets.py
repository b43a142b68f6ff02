"""Budgets and forbidden constructs: how long, how wide, and what must not be written at all.

Promises: a number above its budget, or a forbidden construct, is named with its place. An exemption is a line
here with its reason; one that is no longer needed fails too.
"""

import ast
import graphlib
import re
from collections.abc import Iterable, Iterator
from functools import cache

import grimp
import pytest

from tests.house.source import ROOT, called, files, functions, imported, name_of, of_product, of_tests

FILE_LINES, FILE_LINES_USUALLY = 400, 250
FUNCTION_LINES, FUNCTION_LINES_USUALLY = 50, 30
PARAMETERS = 7
USUALLY_PERCENT = 90

# place → why it may be longer, wider or otherwise as it is.
# Places: "file.py", "file.py:function", "unsafe:file.py".
EXEMPT: dict[str, str] = {}

FORBIDDEN_WORDS = {"manager", "helper", "helpers", "util", "utils", "data", "info", "process", "handle"}
# A vendor's own terms and the names that a base class of the standard library asks for.
GIVEN_NAMES = re.compile(
    r"(?i)process_?(code|instance)s?|business_info|data_centers|^handle(_starttag|_endtag|_data|_startendtag|_request|_error)?$"
    r"|^process_(bind|result)|^get_extra_info$"
)
UNSAFE_YAML = {
    "load_all", "full_load", "full_load_all", "unsafe_load", "unsafe_load_all",
    "Loader", "CLoader", "FullLoader", "CFullLoader", "UnsafeLoader", "CUnsafeLoader",
}  # fmt: skip
SAFE_LOADERS = {"yaml.SafeLoader", "yaml.CSafeLoader", "SafeLoader", "CSafeLoader"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "jsonpickle", "imp"}
UNSAFE_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "builtins.eval",
    "builtins.exec",
    "os.system",
    "os.popen",
}
EVERYTHING = {"Exception", "BaseException"}


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, the docstring apart: saying more must not cost anything."""
    first = function.body[0]
    docstring = 0
    if ast.get_docstring(function) is not None:
        docstring = (first.end_lineno or first.lineno) - first.lineno + 1
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def parameters_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many things a caller has to know; `self` and `cls` are not among them."""
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return sum(name not in ("self", "cls") for name in names) + bool(given.vararg) + bool(given.kwarg)


@cache
def file_lines() -> dict[str, int]:
    paths = [ROOT / "run.py", *files(ROOT / "connector"), *files(ROOT / "tests")]
    return {name_of(p): p.read_text(encoding="utf-8").count("\n") for p in paths if p.suffix == ".py"}


@cache
def function_lines() -> dict[str, int]:
    trees = {**of_product(), **of_tests()}
    return {f"{name}:{one.name}": lines_of(one) for name, tree in trees.items() for one in functions(tree)}


def over(sizes: dict[str, int], budget: int) -> dict[str, int]:
    return {place: size for place, size in sizes.items() if size > budget and place not in EXEMPT}


def share_within(sizes: dict[str, int], budget: int) -> float:
    return 100 * sum(size <= budget for size in sizes.values()) / len(sizes)


def test_no_file_is_longer_than_its_budget():
    assert over(file_lines(), FILE_LINES) == {}
    assert share_within(file_lines(), FILE_LINES_USUALLY) >= USUALLY_PERCENT


def test_no_function_is_longer_than_its_budget():
    assert over(function_lines(), FUNCTION_LINES) == {}
    assert share_within(function_lines(), FUNCTION_LINES_USUALLY) >= USUALLY_PERCENT


def test_no_function_asks_for_more_than_seven_things():
    wide = {
        f"{name}:{one.name}": parameters_of(one)
        for name, tree in of_product().items()
        for one in functions(tree)
    }
    assert over(wide, PARAMETERS) == {}


def test_every_module_says_what_it_promises():
    silent = [
        name for name, tree in of_product().items() if not ast.get_docstring(tree) and name not in EXEMPT
    ]
    assert silent == []


def graph_of_imports() -> dict[str, set[str]]:
    """Module → modules it imports, imports inside functions and for type checking included."""
    graph = grimp.build_graph("connector", cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle():
    assert cycle_in(graph_of_imports()) == []
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []


def words(name: str) -> set[str]:
    """The words of a name: `loan_manager`, `LoanManager` → loan, manager."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", GIVEN_NAMES.sub("", name))
    return set(spaced.lower().split("_"))


def named(trees: dict[str, ast.Module]) -> Iterator[tuple[str, str]]:
    """(place, name) of every module, folder, class and function."""
    for place, tree in trees.items():
        yield from ((place, part.removesuffix(".py")) for part in place.split("/"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{place}:{node.lineno}", node.name


def empty_names(trees: dict[str, ast.Module]) -> list[str]:
    return [f"{place}: {name}" for place, name in named(trees) if words(name) & FORBIDDEN_WORDS]


def test_no_name_is_a_word_that_says_nothing():
    assert empty_names(of_product()) == []
    assert (
        len(empty_names({"connector/loan_util.py": ast.parse("class RowManager:\n def handle_row(): ...")}))
        == 3
    )


def swallowed(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ExceptHandler):
        says_nothing = all(isinstance(s, ast.Pass) or is_ellipsis(s) for s in node.body)
        if says_nothing:
            yield "an error is swallowed: name what happens then"
        if node.type is None:
            yield "a bare except takes the interrupt too"
    if isinstance(node, ast.Call) and called(node).endswith("suppress"):
        taken = EVERYTHING & {called(one) for one in node.args}
        yield from (f"every {one} is suppressed" for one in taken)


def is_ellipsis(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is Ellipsis
    )


def unsafe(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = called(node)
        if name in UNSAFE_CALLS:
            yield f"{name} runs text as code"
        if any(k.arg == "shell" and getattr(k.value, "value", None) is True for k in node.keywords):
            yield "a shell reads the text"
        if name in ("yaml.load", "yaml.compose", "yaml.parse") and not has_safe_loader(node):
            yield f"{name} without the safe loader"
        if name.endswith("import_module") and not isinstance(next(iter(node.args), None), ast.Constant):
            yield "a module is imported by a computed name"
    if isinstance(node, ast.Attribute) and called(node.value) == "yaml" and node.attr in UNSAFE_YAML:
        yield f"yaml.{node.attr} builds objects from text"
    if isinstance(node, ast.ImportFrom) and node.module == "yaml":
        yield from (f"yaml.{one.name}: write yaml.safe_load" for one in node.names if one.name == "load")


def has_safe_loader(node: ast.Call) -> bool:
    given = [called(k.value) for k in node.keywords if k.arg == "Loader"] + [
        called(one) for one in node.args[1:2]
    ]
    return bool(SAFE_LOADERS & set(given))


def offences(trees: dict[str, ast.Module]) -> list[str]:
    found = []
    for name, tree in trees.items():
        found += [f"{name}: imports {m}" for m in imported(tree) if m.split(".")[0] in UNSAFE_MODULES]
        for node in ast.walk(tree):
            said: Iterable[str] = (*swallowed(node), *unsafe(node))
            found += [f"{name}:{getattr(node, 'lineno', 0)}: {one}" for one in said]
    return [line for line in found if f"unsafe:{line.split(':')[0]}" not in EXEMPT]


def test_nothing_swallows_errors_or_runs_text_as_code():
    assert offences(of_product()) == []


@pytest.mark.parametrize(
    "code",
    [
        "try:\n  f()\nexcept ValueError:\n  pass",
        "try:\n  f()\nexcept:\n  log()",
        "with contextlib.suppress(Exception):\n  f()",
        "import pickle",
        "eval(text)",
        "subprocess.run(text, shell=True)",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.UnsafeLoader)",
        "importlib.import_module(config['adapter'])",
    ],
)
def test_a_forbidden_construct_is_noticed(code: str):
    assert offences({"x.py": ast.parse(code)}) != []


@pytest.mark.parametrize(
    "code", ["yaml.safe_load(text)", "yaml.compose(text, Loader=yaml.SafeLoader)", "re.compile(p)"]
)
def test_its_safe_sister_is_not(code: str):
    assert offences({"x.py": ast.parse(code)}) == []


def test_every_exemption_has_a_reason_and_is_still_needed():
    sizes = {**file_lines(), **function_lines()}
    for place, reason in EXEMPT.items():
        assert len(reason.split()) >= 4, f"{place}: why?"
        known = place.removeprefix("unsafe:")
        assert known in sizes, f"{place}: nothing of this name stands here any more"
