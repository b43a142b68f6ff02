"""Reading the tree for the house tests: which files there are, and what their syntax says.

Promises: the same list of files whether or not there is a repository around them. Never: an opinion.
"""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "connector"
# Folders that are made on a machine and never handed over.
MADE_HERE = {
    ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis",
    "__pycache__", "build", "dist", "out", "demo-out", "var",
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(top: Path = ROOT) -> Iterator[Path]:
    """Every file that is handed over, sorted."""
    for folder, subfolders, names in os.walk(top):
        subfolders[:] = sorted(set(subfolders) - MADE_HERE)
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith(".venv"))


def texts(top: Path = ROOT) -> Iterator[tuple[str, str]]:
    """(name below the root, text) of every file that is text."""
    for path in files(top):
        try:
            yield name_of(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def name_of(path: Path) -> str:
    """The name below the root, with forward slashes on every system."""
    return path.relative_to(ROOT).as_posix()


@cache
def of_product() -> dict[str, ast.Module]:
    """The syntax trees of the product: the package and its starter."""
    paths = [ROOT / "run.py", *(path for path in files(PACKAGE) if path.suffix == ".py")]
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def of_tests() -> dict[str, ast.Module]:
    """The syntax trees of the tests."""
    paths = (path for path in files(ROOT / "tests") if path.suffix == ".py")
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method, nested ones included."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def called(node: ast.AST) -> str:
    """The dotted name that a call calls, as written: `yaml.load`, `open`; empty when it is no plain name."""
    if isinstance(node, ast.Call):
        return called(node.func)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = called(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere in it, as written; relative imports keep their dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
