"""Warnings in our table of an HR database: on every database, by the account that the printed SQL makes."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from connector.adapters.contract import Setting, Since
from connector.adapters.kit.clock import SystemClock
from connector.adapters.sql_store import adapter
from connector.adapters.sql_store.ddl import DIALECTS, writeback_ddl
from connector.errors import ConfigError, UsageError, WireError
from connector.model.plan import Action, digest
from tests.databases import drop_user, execute, scratch_database

SETTING = Setting("hr", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
STAFF = "CREATE TABLE employees (number varchar(20)); INSERT INTO employees VALUES ('E1')"
QUERY = {"employee": "SELECT number FROM employees"}
CONTENT = {"codes": ["exit.open_loan", "own"], "level": "critical"}
PUT = Action("put", "hr", "warning", "E1", "E1", None, CONTENT)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """An HR database without our table."""
    if request.param == "sqlite":
        url = sa.make_url(f"sqlite:///{tmp_path_factory.mktemp('hr') / 'hr.sqlite'}")
        execute(url, STAFF)
        yield url
        return
    with scratch_database(request.param) as url:
        execute(url, STAFF)
        yield url


@pytest.fixture
def writer(place: sa.URL) -> Iterator[sa.URL]:
    """Our table and our account, made by the SQL that is printed for it."""
    product = "mariadb" if place.get_backend_name() == "mariadb" else place.get_backend_name()
    name, secret = f"writer_{secrets.token_hex(6)}", secrets.token_hex(16)
    sql = writeback_ddl(product).replace("connector_writer", name).replace("…", secret)
    execute(place, "\n".join(line for line in sql.splitlines() if not line.startswith("--")))
    yield place if product == "sqlite" else place.set(username=name, password=secret)
    execute(place, "DROP TABLE connector_employee_marks")
    if product != "sqlite":
        drop_user(place, name)


def store(place: sa.URL, writer: sa.URL | None) -> adapter.SqlStore:
    options = {"url": place, "writeback_url": writer} if writer is not None else {"url": place}
    shown = {name: url.render_as_string(hide_password=False) for name, url in options.items()}
    return adapter.build(shown | {"network": "sandbox", "queries": QUERY}, SETTING)


def standing(found: adapter.SqlStore, refs: list[str] | None = None) -> dict[str, str]:
    return dict(found.observe("warning", refs).select("ref", "digest").iter_rows())


def test_a_warning_is_put_changed_and_removed_and_read_back_by_its_digest(place: sa.URL, writer: sa.URL) -> None:
    hr = store(place, writer)
    assert (hr.push(PUT, "请留意借款").outcome, standing(hr)) == ("landed", {"E1": digest(CONTENT)})
    changed = {"codes": ["own"], "level": "warning"}
    hr.push(replace(PUT, verb="replace", after=changed), "请留意")
    assert standing(hr, ["E1", "E2"]) == {"E1": digest(changed)}
    hr.push(replace(PUT, verb="remove", after=None), "")
    assert standing(hr) == {}


def test_a_write_that_is_repeated_leaves_one_row(place: sa.URL, writer: sa.URL) -> None:
    hr = store(place, writer)
    assert [hr.push(PUT, "请留意").outcome for _ in range(2)] == ["landed", "landed"]
    assert hr.observe("warning", None).height == 1


def test_employees_whose_numbers_differ_by_a_capital_are_two(place: sa.URL, writer: sa.URL) -> None:
    hr = store(place, writer)
    hr.push(PUT, "请留意")
    hr.push(replace(PUT, ref="e1"), "请留意")
    assert set(standing(hr)) == {"E1", "e1"}


@pytest.mark.parametrize("change", ["text = ''", "codes = 'other'", "level = 'info'"])
def test_a_row_that_somebody_changed_differs_from_what_is_wanted(place: sa.URL, writer: sa.URL, change: str) -> None:
    hr = store(place, writer)
    hr.push(PUT, "请留意")
    execute(place, f"UPDATE connector_employee_marks SET {change}")
    assert standing(hr)["E1"] != digest(CONTENT)


def test_more_numbers_than_a_list_takes_are_all_looked_at(place: sa.URL, writer: sa.URL) -> None:
    hr = store(place, writer)
    hr.push(replace(PUT, ref="E1999"), "请留意")
    assert set(standing(hr, [f"E{number}" for number in range(2001)])) == {"E1999"}


def test_what_people_read_stands_beside_the_codes_with_its_day(place: sa.URL, writer: sa.URL) -> None:
    hr = store(place, writer)
    list(hr.pull("employee", Since(date(2026, 7, 30))))
    hr.push(PUT, "请留意借款")
    with sa.create_engine(place, poolclass=NullPool).connect() as connection:
        row = connection.exec_driver_sql("SELECT codes, level, text, as_of FROM connector_employee_marks").one()
    assert [str(value) for value in row] == ["exit.open_loan,own", "critical", "请留意借款", "2026-07-30"]


def test_a_number_that_does_not_fit_is_refused_and_never_cut(place: sa.URL, writer: sa.URL) -> None:
    if place.get_backend_name() == "sqlite":
        assert store(place, writer).push(replace(PUT, ref="E" * 101), "x").outcome == "landed"  # it knows no lengths
        return
    with pytest.raises(WireError):
        store(place, writer).push(replace(PUT, ref="E" * 101), "x")


def test_the_account_of_the_printed_sql_passes_and_one_with_more_rights_is_named(place: sa.URL, writer: sa.URL) -> None:
    narrow, wide = store(place, writer).check()[-1], store(place, place).check()[-1]
    assert (narrow.stage, narrow.passed, narrow.mend) == ("writeback", True, "")
    is_file = place.get_backend_name() == "sqlite"
    assert (wide.passed, wide.mend) == (True, "" if is_file else "sql_store.mend.may_write_more")


def test_without_the_table_check_says_which_command_prints_it(place: sa.URL) -> None:
    hr = store(place, place)
    found = hr.check()[-1]
    assert (found.stage, found.passed, found.mend) == ("writeback", False, "sql_store.mend.no_marks_table")
    with pytest.raises(ConfigError, match="writeback-ddl"):
        hr.observe("warning", None)


def test_without_a_second_account_nothing_is_wanted_observed_or_written(place: sa.URL) -> None:
    hr = store(place, None)
    assert hr.manifest.sinks == () and hr.observe("warning", None).is_empty()
    assert hr.push(PUT, "x").outcome == "refused"


def test_the_second_account_is_held_to_the_network_too(place: sa.URL) -> None:
    with pytest.raises(ConfigError, match="writeback_url"):
        store(place, sa.make_url("postgresql://writer@203.0.113.7/hr")).observe("warning", None)


def test_another_kind_of_mark_is_nothing_for_hr(place: sa.URL, writer: sa.URL) -> None:
    with pytest.raises(UsageError, match="todo"):
        store(place, writer).push(replace(PUT, kind="todo"), "x")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_printed_sql_names_the_table_and_no_right_beyond_it(dialect: str) -> None:
    sql = writeback_ddl(dialect)
    assert "connector_employee_marks" in sql and "ALL" not in sql and "%(" not in sql
    assert sql.count("GRANT") == (0 if dialect == "sqlite" else 1)


def test_a_missing_file_is_not_made_by_writing(tmp_path: Path) -> None:
    gone = sa.make_url(f"sqlite:///{tmp_path / 'none.sqlite'}")
    with pytest.raises(ConfigError):
        store(gone, gone).push(PUT, "x")
    assert list(tmp_path.iterdir()) == []
