"""Every kind of error reaches the user: its kind, its place, what was found, how to mend it, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector import errors
from connector.app import House
from connector.cli.main import run
from connector.errors import ConnectorError, UsageError
from connector.i18n import LANGUAGES, catalog
from connector.store.database import open_store
from connector.store.runs import take_lease
from tests.cli.conftest import Terminal
from tests.fakes import FakeClock


def tree(top: type[ConnectorError] = ConnectorError) -> list[type[ConnectorError]]:
    below = [kind for one in top.__subclasses__() if one.__module__ == errors.__name__ for kind in tree(one)]
    return [top, *below]


class Failing:
    """A house in which every command meets the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def check(self, config: Path) -> list[str]:
        raise self._error


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_every_kind_of_error_is_told_with_place_cause_and_mend(
    kind: type[ConnectorError], language: str, capsys: Any
) -> None:
    error = kind("found 5, expected 4", place="here 7", mend="write 4")
    code = run(["check", "--lang", language], lambda: Failing(error))
    assert code == (2 if issubclass(kind, UsageError) else 1)
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"✗ {catalog(language)[f'error.{kind.__name__}']} here 7: found 5, expected 4"
    assert second == "  → write 4"


def test_the_tree_at_the_head_of_the_file_is_the_tree() -> None:
    head = str(errors.__doc__)
    assert [kind.__name__ for kind in tree() if kind.__name__ not in head] == []


def configured(folder: Path, **more: Any) -> Path:
    path = folder / "connector.yaml"
    path.write_text(yaml.safe_dump({"company": {"code": "c"}, **more}), "utf-8")
    return path


def _no_file(folder: Path) -> None:
    return None


def _unknown_setting(folder: Path) -> None:
    configured(folder, compny={})


def _secret_in_the_file(folder: Path) -> None:
    configured(folder, connections={"k": {"adapter": "sql_store", "url": "postgresql://u:p@h/c"}})


def _secret_for_all(folder: Path) -> None:
    (folder / "hr").write_text("sqlite:///hr.db")
    (folder / "hr").chmod(0o644)
    configured(folder, connections={"k": {"adapter": "sql_store", "url": "file:hr"}})


def _no_such_adapter(folder: Path) -> None:
    configured(folder, connections={"k": {"adapter": "sap"}})


def _wrong_rule(folder: Path) -> None:
    rule = {"code": "a", "over": "employee", "when": "blance > 1", "audience": ["it"], "severity": "info"}
    (folder / "rules.yaml").write_text(yaml.safe_dump({"rules": [rule]}), "utf-8")
    configured(folder, rules="rules.yaml")


def _wrong_mapping(folder: Path) -> None:
    (folder / "sql_store.yaml").write_text("streams: {employee: {surname: x}}", "utf-8")
    hr = {"adapter": "sql_store", "url": "sqlite:///hr.db", "profile": "company"}
    configured(folder, mappings=".", connections={"hr": hr})


def _no_store_url(folder: Path) -> None:
    configured(folder, store="postgresql+psycopg://h:port/c")


def _no_database(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "connector.db").write_bytes(b"not a database, but long enough to be looked at" * 40)
    configured(folder)


def _lease_is_held(folder: Path) -> None:
    (folder / "data").mkdir()
    store = open_store(f"sqlite:///{folder / 'data' / 'connector.db'}", "c")
    take_lease(store, FakeClock().now().replace(year=2199))
    store.engine.dispose()
    configured(folder)


MET: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    "no_file": (_no_file, "check", "设置有误： {config}: 没有这个文件", "运行 connector init"),
    "unknown_setting": (_unknown_setting, "check", "{config} compny: 没有这一项设置", "检查拼写"),
    "secret_in_the_file": (_secret_in_the_file, "check", "connections.k.url: 密钥直接写在了文件里", "env:变量名"),
    "secret_for_all": (_secret_for_all, "check", "其他账号也能读", "chmod 600"),
    "no_such_adapter": (_no_such_adapter, "check", "connections.k: 没有适配器 sap；可用的有：dingtalk", "改正"),
    "wrong_rule": (_wrong_rule, "check", "rules.yaml rule 'a' line 1, column 1: 没有 blance；可用的有", "检查拼写"),
    "wrong_mapping": (_wrong_mapping, "check", "employee.surname: employee 没有这一列；可用的有：system", "删去"),
    "no_store_url": (_no_store_url, "plan", "store: 不是数据库地址", "postgresql+psycopg://"),
    "no_database": (_no_database, "plan", "本系统的存储出错： sqlite:///{folder}/data/connector.db: 读写失败", "磁盘"),
    "lease_is_held": (_lease_is_held, "plan", "company c: 另一次运行正在进行", "等它结束"),
}


@pytest.mark.parametrize("name", list(MET))
def test_what_an_admin_meets_most_is_told_in_chinese_with_place_and_mend(
    tmp_path: Path, capsys: Any, name: str
) -> None:
    make, command, said, mend = MET[name]
    make(tmp_path)
    config = tmp_path / "connector.yaml"
    assert run([command, "--config", str(config), "--lang", "zh_CN"], House) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert said.format(config=config, folder=tmp_path) in first and mend in second


@pytest.mark.parametrize(("words", "said"), [
    ("approve 12345678 --by x", "最近的计划里没有这一组"), ("approve hr.employee --by x", "没有变少"),
    ("explain nobody", "没有发现 nobody 的任何情况"), ("look nobody", "没有系统认识 nobody"),
    ("apply nothing.json", "不是计划文件"), ("live maybe --by x", "不能是 maybe，只能是 on 或 off"),
    ("plan --as-of soon", "--as-of: soon 不是日期"),
])
def test_what_cannot_be_done_is_told_in_chinese(terminal: Terminal, words: str, said: str) -> None:
    terminal("plan")
    told = terminal(*words.split())
    assert told.code in (1, 2) and said in told.err and "→" in told.err


def test_a_company_that_is_not_proven_is_not_switched_to_live(terminal: Terminal) -> None:
    terminal.box.chaos.arm([{"system": "kingdee", "op": "ExecuteBillQuery", "fault": "error_200", "times": 0}])
    told = terminal("live", "on", "--by", "x")
    assert told.code == 1 and "live on: 还有没核实的内容" in told.err and "connector doctor" in told.err


def test_a_program_reads_the_code_and_english_words_whatever_the_language(terminal: Terminal) -> None:
    error = terminal("look", "nobody", "--json", "--lang", "zh_CN").document["error"]
    assert (error["code"], error["message"]) == ("command.fault.nobody", "no system knows `nobody`")
