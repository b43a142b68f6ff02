"""HR databases on SQLite files: a plain table, an own query, the schema of a known HRMS, a database away."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from sqlalchemy.exc import DBAPIError

from connector.adapters.contract import Page, Setting, Since
from connector.adapters.kit.clock import SystemClock
from connector.adapters.sql_store import adapter, database
from connector.adapters.sql_store.adapter import SqlStore, build
from connector.errors import AuthError, ConfigError, ConnectorError, RetryableError, UsageError, WireError
from connector.mappings.table import Context, load_mapping, map_rows
from connector.model.plan import Action

SETTING = Setting("hr", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
ASKED = Since(date(2026, 7, 31))
STAFF = """
CREATE TABLE employees (number, name, mobile, department, position, manager, hired_on, status, last_day,
                        exit_requested_on, monthly_salary, currency);
INSERT INTO employees VALUES
 ('E1', '张三', NULL, 'Sales', 'Staff', NULL, '2020-01-01', 'active', NULL, NULL, 8000.5, 'CNY'),
 ('E2', 'Li Si', '138', 'Sales', 'Head', 'E1', '2021-01-01', 'left', '2026-01-31', '2026-01-01', 9000, 'USD');
"""
Store = Callable[..., SqlStore]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    def make(script: str = STAFF, **options: Any) -> SqlStore:
        place = tmp_path / "hr 人事?.sqlite"
        with sqlite3.connect(place) as connection:
            connection.executescript(script)
        connection.close()
        return build({"url": f"sqlite:///{str(place).replace('?', '%3F')}", **options}, SETTING)

    return make


def pull(store: SqlStore, since: Since = ASKED) -> list[Page]:
    return list(store.pull("employee", since))


def mapped(pages: list[Page]) -> pl.DataFrame:
    text = (resources.files(adapter.__package__) / "mapping.yaml").read_text("utf-8")
    context = Context("hr", datetime(2026, 7, 31, tzinfo=UTC), "CNY", SETTING.zone)
    raw = pl.concat([page.rows for page in pages])
    rows, bad = map_rows(load_mapping(text, "sql_store")["employee"], raw, context)
    assert bad == []
    return rows


def test_a_table_like_the_company_folder_needs_only_its_profile(store):
    pages = pull(store(profile="company"))
    assert (pages[-1].end.how, pages[-1].end.expected) == ("cursor_exhausted", 2)
    found = mapped(pages)
    assert found["monthly_salary"].to_list() == [800050, 900000]
    assert found["currency"].to_list() == ["CNY", "USD"]
    assert found["last_day"].to_list() == [None, date(2026, 1, 31)]
    assert found["ref"].to_list() == ["E1", "E2"]


def test_an_own_query_wins_over_the_profile_and_its_missing_currency_is_the_companys(store):
    query = "SELECT number, name, status, monthly_salary * 12 AS monthly_salary FROM employees WHERE name LIKE '%i%'"
    found = mapped(pull(store(profile="company", queries={"employee": query}, salary_period="year")))
    assert found.select("number", "monthly_salary", "currency").rows() == [("E2", 900000, "CNY")]


def test_numbers_that_repeat_keep_both_rows_under_keys_of_their_own(store):
    query = "SELECT 'E1' AS number UNION ALL SELECT 'E1' UNION ALL SELECT ''"
    assert pull(store(queries={"employee": query}))[0].rows["#ref"].to_list() == ["E1", "E1#2", "#3"]


def test_more_rows_than_a_page_come_in_several_pages_each_row_once(store):
    query = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5001) SELECT i AS number FROM n"
    )
    pages = pull(store(queries={"employee": query}))
    assert [(page.rows.height, page.end is None) for page in pages] == [(5000, True), (1, False)]


def test_an_empty_table_is_a_proved_nothing(store):
    (page,) = pull(store("CREATE TABLE employees (number)", queries={"employee": "SELECT number FROM employees"}))
    assert (page.rows.height, page.end.expected) == (0, 0)
    assert "number" in page.rows.columns


def test_only_the_employees_asked_for_are_delivered(store):
    pages = pull(store(profile="company"), Since(date(2026, 7, 31), only=("E2",)))
    assert pages[-1].rows["number"].to_list() == ["E2"]


def test_a_sqlite_file_is_never_written_whatever_is_asked(store, tmp_path):
    built = store(profile="company")
    place = next(tmp_path.glob("*.sqlite"))
    before = place.read_bytes()
    pull(built)
    for statement in ("DELETE FROM employees", "PRAGMA query_only = OFF", "CREATE TABLE x (a)"):
        with database.reading(built._engine(), "hr") as connection:
            refuse(connection, statement)
    assert place.read_bytes() == before


def refuse(connection: Any, statement: str) -> None:
    """Runs past our own gate; what writes must fail at the file, even with the pragma switched off."""
    connection.exec_driver_sql("PRAGMA query_only = OFF")
    if not statement.startswith("PRAGMA"):
        with pytest.raises(Exception, match="readonly"):
            connection.exec_driver_sql(statement)


def test_a_query_that_writes_is_refused_before_anything_is_sent(store):
    with pytest.raises(ConfigError, match=r"queries\.employee"):
        pull(store(queries={"employee": "DELETE FROM employees"}))


def test_a_missing_file_is_not_created(tmp_path):
    built = build({"url": f"sqlite:///{tmp_path}/none.sqlite", "profile": "company"}, SETTING)
    with pytest.raises(ConfigError, match="check the path"):
        pull(built)
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_is_not_there_is_a_query_to_mend(store):
    built = store("CREATE TABLE other (a)", profile="company")
    with pytest.raises(ConfigError, match="no such table"):
        pull(built)
    last = built.check()[-1]
    assert (last.stage, last.passed, last.mend) == ("permission", False, "sql_store.mend.bad_query")


def test_a_query_without_a_number_is_told_how_to_name_it(store):
    built = store(queries={"employee": "SELECT name FROM employees"})
    with pytest.raises(ConfigError, match="AS number"):
        pull(built)
    assert built.check()[-1].mend == "sql_store.mend.missing_columns"


def test_check_passes_on_a_good_database(store):
    assert [(c.stage, c.passed) for c in store(profile="company").check()] == [
        ("reach", True), ("login", True), ("permission", True), ("fields", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"url": "sqlite:///x"},
        {"url": "sqlite:///x", "profile": "sap"},
        {"url": "sqlite:///x", "queries": {"loan": "SELECT 1"}},
        {"url": "sqlite:///x", "profile": "company", "colour": "red"},
    ],
)
def test_a_wrong_option_is_named_with_the_connection(options):
    with pytest.raises(ConfigError, match="connection hr"):
        build(options, SETTING)


@pytest.mark.parametrize("url", ["nonsense", "oracle+x://h/d", "firebird://h/d", "sqlite://"])
def test_an_unusable_url_is_a_setting_to_mend_and_shows_no_password(url):
    with pytest.raises(ConfigError, match="url"):
        pull(build({"url": url, "profile": "company"}, SETTING))


def test_a_password_shows_in_no_error_and_in_no_form(store):
    built = build({"url": "postgresql+nodriver://reader:canary-1@127.0.0.1/hr", "profile": "company"}, SETTING)
    with pytest.raises(ConfigError) as found:
        pull(built)
    assert "canary-1" not in f"{found.value!s}{built._form!r}{built._form.model_dump()}"


class Driver(Exception):
    """An error as a driver raises it: a number first, or a state beside it."""

    def __init__(self, *args: object, sqlstate: str | None = None) -> None:
        super().__init__(*args)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Driver("password authentication failed", sqlstate="28P01"), AuthError),
        (Driver(1045, "Access denied for user 'reader'"), AuthError),
        (Driver("permission denied for table pay", sqlstate="42501"), ConfigError),
        (Driver(1146, "Table 'hr.nix' doesn't exist"), ConfigError),
        (Driver("canceling statement due to statement timeout", sqlstate="57014"), RetryableError),
        (Driver(2003, "Can't connect to MySQL server"), RetryableError),
        (Driver("connection failed: connection refused"), RetryableError),
        (sqlite3.OperationalError("database is locked"), RetryableError),
        (sqlite3.DatabaseError("database disk image is malformed"), WireError),
        (Driver("server closed the connection unexpectedly"), WireError),
    ],
)
def test_a_drivers_error_says_what_happens_next(error: Exception, kind: type[ConnectorError]):
    assert type(database.explain(DBAPIError("SELECT canary", {"p": "canary"}, error), "hr")) is kind
    assert "canary" not in str(database.explain(DBAPIError("SELECT canary", {"p": "canary"}, error), "hr"))


def test_nothing_is_written_no_mark_stands_and_other_streams_are_refused(store):
    built = store(profile="company")
    action = Action("put", "hr", "risk_flag", "E1", "E1", None, {"a": 1})
    assert built.push(action, "text").outcome == "refused"
    assert built.observe("risk_flag", None).is_empty()
    with pytest.raises(UsageError, match="loan"):
        list(built.pull("loan", ASKED))
    built.close()
