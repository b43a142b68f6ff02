"""A secret, a salary, a mobile or an identity number never stands where it does not belong, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import connector.adapters.registry as registry
import connector.app as app
import connector.cli.papers as papers
import connector.sync.assess as assess
import connector.sync.nightly as nightly
import connector.sync.pull as pull
import connector.sync.push as push
from connector.adapters.dingtalk.adapter import DingTalk
from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.adapters.kingdee_cloud.adapter import KingdeeCloud
from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.adapters.sql_store.adapter import SqlStore
from connector.app import open_desk
from connector.sandbox.company import write_sample_company
from connector.sandbox.server import start_sandbox
from connector.sandbox.world import load_world
from connector.settings import load_settings
from tests.journeys.conftest import FIRST_NIGHT
from tests.journeys.secret_town import PASSWORD, SecretTown, kept, undress

SOURCES = ("by_environment", "by_file", "by_override")


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretTown]:
    write_sample_company(tmp_path / "company", FIRST_NIGHT)
    world = load_world(tmp_path / "company")
    undress(world)
    with start_sandbox(world, {"kingdee": KingdeeStandIn(world), "dingtalk": DingTalkStandIn(world, False)}) as box:
        yield SecretTown(box, tmp_path / "home", monkeypatch)


@pytest.mark.parametrize("source", SOURCES)
def test_a_night_that_goes_well_leaves_no_secret_and_nothing_of_anybodys_pay(town: SecretTown, source: str) -> None:
    getattr(town, source)()
    for words in ("check", "doctor", "live on --by x", "run", "explain 1004", "look 1004 --json", "plan --json",
                  "confirm LZ0001 --by x", "approve 00000000 --by x"):
        assert town(*words.split()).code in (0, 1), words
    assert len(town.box.world.effects) > 3
    assert town.leaks() == []


def test_what_is_looked_for_can_be_found(town: SecretTown) -> None:
    """The search itself: pay and mobile numbers do stand in the one file that they belong into."""
    town.by_environment()
    town("plan")
    (pay_roll,) = town.home.rglob("hr.employee.parquet")
    pay_roll.rename(pay_roll.with_name("other.parquet"))
    (town.home / "data" / "note.json").write_text(f'"{town.secrets["dingtalk.app_secret"]}"')
    assert [leak.partition(":")[0] for leak in town.leaks()] == ["note.json", "other.parquet"]


@pytest.mark.parametrize("source", SOURCES)
def test_no_object_at_the_desk_shows_a_secret(town: SecretTown, source: str) -> None:
    getattr(town, source)()
    town("check")
    settings = load_settings(town.home / "connector.yaml")
    with open_desk(settings) as desk:
        shown = "".join(map(repr, [settings, settings.model_dump(), *kept(desk)]))
    assert not [secret for secret in (*town.secrets.values(), PASSWORD) if secret in shown]


def _wrong_secret(town: SecretTown) -> None:
    for place in ("kingdee.app_secret", "dingtalk.app_secret"):
        town.set(place, "env:WRONG")
    town.patch.setenv("WRONG", "wr0ng-s3cret-of-an-app")
    town.secrets["wrong"] = "wr0ng-s3cret-of-an-app"


def _nobody_listens(town: SecretTown) -> None:
    for place in ("kingdee.base_url", "dingtalk.base_url", "dingtalk.legacy_base_url"):
        town.set(place, "http://127.0.0.1:9/")


def _odd(place: str, value: object) -> Callable[[SecretTown], None]:
    return lambda town: town.set(place, value)


def _secret_as_a_setting(town: SecretTown) -> None:
    town.document["app_secret"] = town.secrets["kingdee.app_secret"]


def _secret_in_the_file(town: SecretTown) -> None:
    town.set("kingdee.app_secret", town.secrets["kingdee.app_secret"])


def _file_for_all(town: SecretTown) -> None:
    town.by_file()
    (town.home / "kingdee.app_secret").chmod(0o644)


def _broken_override(town: SecretTown) -> None:
    town.patch.setenv("CONNECTOR_CONNECTIONS", f'{{"kingdee": {{"app_secret": "{PASSWORD}"')


def _store_of(url: str) -> Callable[[SecretTown], None]:
    def spoil(town: SecretTown) -> None:
        town.patch.setenv("STORE", url)
        town.document["store"] = "env:STORE"

    return spoil


def _hr_of(url: str) -> Callable[[SecretTown], None]:
    def spoil(town: SecretTown) -> None:
        town.patch.setenv("HR", url)
        town.set("hr.url", "env:HR")

    return spoil


def _chaos(fault: str, **args: Any) -> Callable[[SecretTown], None]:
    def spoil(town: SecretTown) -> None:
        town.box.chaos.arm([{"fault": fault, "times": 0, "args": args}])

    return spoil


TROUBLES: dict[str, Callable[[SecretTown], None]] = {
    "wrong_secret": _wrong_secret, "nobody_listens": _nobody_listens, "wrong_kingdee": _odd("kingdee.lcid", "x"),
    "wrong_dingtalk": _odd("dingtalk.calls_per_second", -1), "wrong_hr": _odd("hr.timeout_s", 0),
    "secret_as_a_setting": _secret_as_a_setting, "secret_in_the_file": _secret_in_the_file,
    "file_for_all": _file_for_all, "broken_override": _broken_override,
    "store_elsewhere": _store_of(f"postgresql+psycopg://u:{PASSWORD}@127.0.0.1:9/c"),
    "store_in_query": _store_of(f"postgresql+psycopg://u@127.0.0.1:9/c?password={PASSWORD}"),
    "store_without_driver": _store_of(f"oracle://u:{PASSWORD}@h/c"),
    "store_with_odd_port": _store_of(f"postgresql+psycopg://u:{PASSWORD}@h:port/c"),
    "hr_elsewhere": _hr_of(f"postgresql+psycopg://u:{PASSWORD}@127.0.0.1:9/hr"),
    "hr_without_driver": _hr_of(f"oracle://u:{PASSWORD}@h/c"), "hr_is_no_url": _hr_of(PASSWORD),
    "login_page": _chaos("login_page"), "status_500": _chaos("status", status=500),
    "status_401": _chaos("status", status=401), "cut_short": _chaos("truncate", at_byte=9),
    "error_200": _chaos("error_200"), "silence": _chaos("timeout_before", seconds=0),
}


@pytest.mark.parametrize("trouble", list(TROUBLES))
def test_what_goes_wrong_is_told_without_a_secret(town: SecretTown, trouble: str) -> None:
    town.by_environment()
    TROUBLES[trouble](town)
    codes = [town(*words.split()).code for words in ("check", "doctor", "plan", "look 1004")]
    assert set(codes) <= {0, 1, 4} and codes[2] in (1, 4), town.raised
    assert town.leaks() == []


# Where a fault of our own may raise, from the top floor to the bottom.
FLOORS: dict[str, tuple[object, str]] = {
    "settings": (app, "load_settings"), "secrets": (app, "resolve_secret"), "store": (app, "open_store"),
    "mapping": (app, "load_mapping"), "build": (registry, "build"), "papers": (papers, "render_page"),
    "staging": (nightly, "pull_company"), "linking": (nightly, "link_company"), "assess": (nightly, "assess"),
    "map_rows": (pull, "map_rows"), "judge": (assess, "judge"), "outbox": (push.outbox, "enqueue"),
    "hr pull": (SqlStore, "pull"), "oa pull": (DingTalk, "pull"), "finance pull": (KingdeeCloud, "pull"),
    "oa observe": (DingTalk, "observe"), "finance push": (KingdeeCloud, "push"), "oa push": (DingTalk, "push"),
}


@pytest.mark.parametrize("floor", list(FLOORS))
def test_a_fault_of_our_own_says_where_and_not_with_what(town: SecretTown, floor: str) -> None:
    """Whatever it was holding when it broke: secrets, somebody's pay, his numbers."""
    town.by_environment()
    if "push" in floor or floor == "outbox":
        town("live", "on", "--by", "x")
    employee = town.box.world.rows("employees")[0]
    holding = " ".join([*town.secrets.values(), employee["monthly_salary"], employee["mobile"], employee["id_number"]])

    def broken(*_: object, **__: object) -> object:
        raise RuntimeError(holding)

    place, name = FLOORS[floor]
    town.patch.setattr(place, name, broken)
    town.patch.setattr("traceback.format_exception", lambda error: "")  # its own words are what it holds
    told = town("run")
    assert told.code in (4, 70), told
    assert "RuntimeError" in told.out + told.err or "push" in floor  # a write that broke is looked up, not told of
    assert town.leaks() == []
