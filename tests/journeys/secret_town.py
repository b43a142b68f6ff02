"""A town that is full of secrets, and the search for them in everything that a command leaves behind."""

from __future__ import annotations

import json
import re
import traceback
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import connector.cli.main as main
from connector.cli.demo import HrSource, settings_of
from connector.sandbox.server import Sandbox
from connector.sandbox.world import World
from tests.cli.conftest import QuickHouse, Told

# The password of the HR database's url; the other secrets are the stand-ins' own.
PASSWORD = "C4n4ry-pa55word"
# The file of a snapshot in which salaries and mobile numbers may stand: they are judged there.
PAY_ROLL = "hr.employee.parquet"


def undress(world: World) -> None:
    """Everybody gets a salary, a mobile and an identity number that nobody else and nothing else has."""
    with world.batch():
        for at, row in enumerate(world.rows("employees")):
            world.put("employees", {
                "number": row["number"], "monthly_salary": f"{9000 + at}.37", "mobile": f"1391234{at:04d}",
                "id_number": f"11010119900101{at:04d}",
            })


def of_people(world: World) -> re.Pattern[str]:
    """What may be known of nobody: pay in any spelling, mobile and identity numbers."""
    pays = [row["monthly_salary"] for row in world.rows("employees")]
    spelled = {form for pay in pays for form in (pay, f"{pay[0]},{pay[1:]}", pay.replace(".", ""))}
    numbers = {row[name] for row in world.rows("employees") for name in ("mobile", "id_number")}
    return re.compile(r"(?<![0-9A-Za-z])(" + "|".join(map(re.escape, spelled | numbers)) + r")(?![0-9A-Za-z])")


@dataclass
class SecretTown:
    """A configuration whose secrets are said by environment, file or override; commands; and what they left."""

    box: Sandbox
    home: Path
    patch: pytest.MonkeyPatch
    document: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    raised: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home.mkdir(exist_ok=True)
        said = settings_of(self.box.world, self.box.describe(), HrSource())
        said.pop("allow_plain_secrets")
        self.document, connections = said, said["connections"]
        self.secrets = {
            "kingdee.app_secret": connections["kingdee"].pop("app_secret"),
            "dingtalk.app_secret": connections["dingtalk"].pop("app_secret"),
            "hr.url": f"{connections['hr'].pop('url')}?password={PASSWORD}",
        }
        catch = main._last_catch

        def noted(error: Exception, lang: str) -> int:
            self.raised.append("".join(traceback.format_exception(error)))
            return catch(error, lang)

        self.patch.setattr(main, "_last_catch", noted)

    def by_environment(self) -> None:
        for at, (place, secret) in enumerate(self.secrets.items()):
            self.patch.setenv(f"A_SECRET_{at}", secret)
            self.set(place, f"env:A_SECRET_{at}")

    def by_file(self) -> None:
        for place, secret in self.secrets.items():
            (self.home / place).write_text(secret, "utf-8")
            (self.home / place).chmod(0o600)
            self.set(place, f"file:{place}")

    def by_override(self) -> None:
        for place, secret in self.secrets.items():
            self.patch.setenv(f"CONNECTOR_CONNECTIONS__{place.replace('.', '__').upper()}", secret)

    def set(self, place: str, value: object) -> None:
        """`hr.url` of the connections."""
        connection, _, name = place.partition(".")
        self.document["connections"][connection][name] = value

    def __call__(self, *words: str) -> Told:
        config = self.home / "connector.yaml"
        config.write_text(yaml.safe_dump(self.document, allow_unicode=True), "utf-8")
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main.run([*words, "--config", str(config)], lambda: QuickHouse(self.box.world))
        self.raised.append(out.getvalue() + err.getvalue())
        return Told(code, out.getvalue(), err.getvalue())

    def leaks(self) -> list[str]:
        """Where a secret, or what is known of nobody, stands: in what was said or raised, or in a file."""
        secrets = re.compile("|".join(re.escape(s) for s in {*self.secrets.values(), PASSWORD}))
        private = of_people(self.box.world)
        found = [f"said {at}: {match[0]}" for at, text in enumerate(self.raised)
                 if (match := secrets.search(text) or private.search(text))]
        for path in sorted((self.home / "data").rglob("*")):
            for text in readable(path):
                match = secrets.search(text) or (None if path.name == PAY_ROLL else private.search(text))
                found += [f"{path.name}: {match[0]}"] if match else []
        return found


def readable(path: Path) -> Iterator[str]:
    """All that can be read in a file, whatever its form."""
    if not path.is_file():
        return
    if path.suffix == ".parquet":
        yield json.dumps(pl.read_parquet(path).to_dicts(), default=str, ensure_ascii=False)
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name).decode("utf-8", "replace") for name in book.namelist())
    else:
        yield path.read_bytes().decode("utf-8", "replace")


def kept(value: object, depth: int = 9) -> Iterator[object]:
    """The product's own objects within a value, whatever they stand in."""
    inner: list[Any] = []
    if isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, (list, tuple, set)):
        inner = list(value)
    elif type(value).__module__.startswith("connector.") and hasattr(value, "__dict__"):
        yield value
        inner = list(vars(value).values())
    for one in inner if depth else []:
        yield from kept(one, depth - 1)
