"""The floors of the house: imports go down only, pure rooms stay pure.

Promises: the contracts in pyproject.toml hold, and each of them is shown to notice its own violation.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import PACKAGE, ROOT, called, imported, of_product

PURE = ("connector/model/", "connector/rules/", "connector/mappings/", "connector/reconcile/")
# What a pure room must not import: the network, the disk, the clock, the settings, other processes.
IMPURE_MODULES = {
    "asyncio", "ftplib", "glob", "http", "httpx", "io", "logging", "multiprocessing", "os",
    "pathlib", "random", "requests", "secrets", "shutil", "smtplib", "socket", "sqlite3", "ssl", "subprocess",
    "tempfile", "threading", "time", "urllib",
}  # fmt: skip
# What a pure room must not call: it would read the clock or the disk.
IMPURE_CALLS = re.compile(
    r"^(open|input|print)$|(^|\.)(datetime\.now|datetime\.utcnow|datetime\.today|date\.today)$"
    r"|^(pl|polars)\.(read|scan)_|\.(write|sink)_(parquet|csv|ipc|ndjson|json|excel|database|delta)$"
)
# One line that breaks each contract, and the module that it is written into.
VIOLATIONS = {
    "floors": ("rules/broken.py", "import connector.sync"),
    "outhouses-know-no-rules": ("sandbox/broken.py", "import connector.rules"),
    "sandbox-is-not-product": ("sync/broken.py", "import connector.sandbox"),
    "stand-ins-are-independent-witnesses": (
        "adapters/someone/sandbox.py",
        "from connector.adapters.someone import wire",
    ),
    "one-door-to-http": ("store/broken_http.py", "def late() -> None:\n    import httpx"),
    "retry-lives-in-the-kit": ("sync/broken_retry.py", "import tenacity"),
    "sql-stays-in-the-store": ("sync/broken_sql.py", "import sqlalchemy.orm"),
    "settings-are-read-on-top": ("cli/broken_settings.py", "import pydantic_settings"),
    "the-clock-is-in-the-engine": ("sync/broken_clock.py", "import apscheduler.triggers.cron"),
    "logs-are-written-on-top": ("sync/broken_log.py", "import structlog"),
    "doors-own-the-terminal": ("sync/broken_terminal.py", "from rich import console"),
}
ROOMS = [
    "adapters", "adapters/kit", "adapters/someone", "cli", "i18n", "mappings", "model", "reconcile",
    "reports", "rules", "sandbox", "store", "sync",
]  # fmt: skip


def lint_imports(cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    env = {
        **os.environ,
        "PYTHONPATH": str(cwd),
        "PYTHONIOENCODING": "utf-8",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, encoding="utf-8"
    )


def contracts() -> dict[str, str]:
    """Contract id → its name, as pyproject.toml has them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(re.findall(r'^id = "(.+)"\nname = "(.+)"$', text, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def small_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house with every room and nothing in them, under the real contracts."""
    root = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", root)
    for room in ["", *ROOMS]:
        folder = root / "connector" / room
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
    for module in ("errors.py", "app.py", "adapters/someone/wire.py", "adapters/someone/adapter.py"):
        (root / "connector" / module).touch()
    return root


def test_imports_go_down_only():
    outcome = lint_imports(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_contract_notices_its_violation(small_house: Path, tmp_path: Path):
    assert lint_imports(small_house).returncode == 0
    broken = shutil.copytree(small_house, tmp_path / "broken")
    for module, line in VIOLATIONS.values():
        (broken / "connector" / module).write_text(line + "\n", encoding="utf-8")
    outcome = lint_imports(broken)
    asked = contracts()
    assert set(asked) == set(VIOLATIONS)
    missed = [name for name in asked.values() if f"{name} BROKEN" not in " ".join(outcome.stdout.split())]
    assert missed == [], outcome.stdout + outcome.stderr


def test_a_room_without_a_floor_is_noticed(small_house: Path, tmp_path: Path):
    broken = shutil.copytree(small_house, tmp_path / "broken")
    (broken / "connector" / "attic.py").touch()
    assert lint_imports(broken).returncode != 0


def test_every_folder_with_code_is_a_package():
    folders = {path.parent for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts}
    # alembic loads its environment and its versions by path, not by name
    bare = [
        folder
        for folder in folders
        if not (folder / "__init__.py").exists() and "migrations" not in folder.parts
    ]
    assert bare == []


def impurities(name: str, tree: ast.Module) -> list[str]:
    found = [
        f"{name}: imports {module}" for module in imported(tree) if module.split(".")[0] in IMPURE_MODULES
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and IMPURE_CALLS.search(called(node)):
            found.append(f"{name}:{node.lineno}: calls {called(node)}")
    return found


def test_the_pure_rooms_touch_no_network_disk_or_clock():
    found = [
        line
        for name, tree in of_product().items()
        if name.startswith(PURE)
        for line in impurities(name, tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    ["import os.path", "from time import time", "date.today()", "dt.datetime.now(tz)", "pl.read_csv(x)"],
)
def test_an_impure_line_in_a_pure_room_is_noticed(line: str):
    assert impurities("connector/rules/x.py", ast.parse(line)) != []
