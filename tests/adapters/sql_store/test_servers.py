"""The same adapter on real servers: one state of the database, and no write whatever is asked."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from connector.adapters.contract import Setting, Since
from connector.adapters.kit.clock import SystemClock
from connector.adapters.sql_store import adapter, database
from connector.errors import AuthError, ConfigError, ConnectorError, RetryableError
from tests.databases import reader, scratch_database

SETTING = Setting("hr", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
ASKED = Since(date(2026, 7, 31))
STAFF = sa.Table(
    "staff", sa.MetaData(), sa.Column("number", sa.String(20), primary_key=True), sa.Column("name", sa.String(50)),
    sa.Column("pay", sa.Numeric(12, 2)), sa.Column("hired_on", sa.Date), sa.Column("seen_at", sa.DateTime),
)
QUERY = "SELECT number, name, pay AS monthly_salary, hired_on, seen_at FROM staff ORDER BY number"
ROWS = [
    {"number": f"E{i:05}", "name": "欧阳·张三", "pay": "28000.10", "hired_on": date(2020, 1, 2),
     "seen_at": datetime(2026, 7, 31, 8, 5)} for i in range(3)
]  # fmt: skip
# A function that looks like reading and writes.
TRAPS = {
    "postgresql": "CREATE FUNCTION trap() RETURNS text LANGUAGE plpgsql AS "
    "$$ BEGIN DELETE FROM staff; RETURN 'x'; END $$",
    "mariadb": "CREATE FUNCTION trap() RETURNS varchar(9) BEGIN DELETE FROM staff; RETURN 'x'; END",
}


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def place(request: pytest.FixtureRequest) -> Iterator[sa.URL]:
    with scratch_database(request.param) as url:
        yield url


@pytest.fixture
def owner(place: sa.URL) -> Iterator[sa.Engine]:
    """Somebody who may write, with a table of three rows."""
    engine = sa.create_engine(place, poolclass=NullPool)
    STAFF.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(STAFF.insert(), ROWS)
    yield engine
    STAFF.metadata.drop_all(engine)


def store(url: sa.URL, **options: object) -> adapter.SqlStore:
    shown = url.render_as_string(hide_password=False)
    given = {"url": shown, "network": "sandbox", "queries": {"employee": QUERY}}
    return adapter.build(given | options, SETTING)


def count(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(STAFF)) or 0)


def test_values_come_as_exact_text_and_the_end_is_proved(owner: sa.Engine, place: sa.URL) -> None:
    (page,) = store(place).pull("employee", ASKED)
    assert page.end is not None and (page.end.how, page.end.expected) == ("cursor_exhausted", 3)
    assert page.rows.row(0) == (
        "E00000", "欧阳·张三", "28000.10", "2020-01-02", "2026-07-31T08:05:00", "CNY", "E00000",
    )  # fmt: skip


def test_many_pages_are_one_state_of_the_database(owner: sa.Engine, place: sa.URL) -> None:
    more = [{"number": f"F{i:05}", "name": "李四"} for i in range(2 * adapter.PAGE_ROWS)]
    with owner.begin() as connection:
        connection.execute(sa.insert(STAFF), more)
    pages = store(place).pull("employee", ASKED)
    seen = next(pages).rows.height
    with owner.begin() as connection:
        connection.exec_driver_sql("DELETE FROM staff WHERE number > 'F00001'")
    assert seen + sum(page.rows.height for page in pages) == len(more) + 3


def test_a_second_look_in_the_same_reading_sees_the_same_state(owner: sa.Engine, place: sa.URL) -> None:
    with database.reading(store(place)._engine(), "hr") as connection:
        before = connection.exec_driver_sql("SELECT COUNT(*) FROM staff").scalar()
        with owner.begin() as writing:
            writing.exec_driver_sql("DELETE FROM staff")
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM staff").scalar() == before == 3


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM staff", "INSERT INTO staff (number) VALUES ('X')", "CREATE TABLE other (a int)", "DROP TABLE staff",
     "SELECT trap()"],
)  # fmt: skip
def test_nothing_is_written_past_our_own_gate_not_even_by_the_owner(
    owner: sa.Engine, place: sa.URL, statement: str
) -> None:
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS trap")
        connection.exec_driver_sql(TRAPS[owner.dialect.name])
    with pytest.raises(ConnectorError, match=r"(?i)read.only"):
        run(place, statement)
    assert count(owner) == 3


def run(place: sa.URL, *statements: str) -> None:
    """In a reading of the adapter, without the gate before it and the cursor around it, which take a SELECT only."""
    with database.reading(store(place)._engine(), "hr") as connection:
        connection.execution_options(stream_results=False)
        for statement in statements:
            with connection.exec_driver_sql(statement) as result:
                result.fetchall() if result.returns_rows else None


def test_a_reading_cannot_be_opened_for_writing(owner: sa.Engine, place: sa.URL) -> None:
    opening = {
        "postgresql": "SELECT set_config('transaction_read_only', 'off', false)",
        "mariadb": "SET SESSION TRANSACTION READ WRITE",
    }[owner.dialect.name]
    with pytest.raises(ConnectorError, match=r"(?i)read.(only|write)"):
        run(place, opening, "DELETE FROM staff")
    assert count(owner) == 3


def test_an_account_that_could_write_is_named_with_advice(owner: sa.Engine, place: sa.URL) -> None:
    found = store(place).check()[2]
    assert (found.stage, found.passed, found.mend) == ("permission", True, "sql_store.mend.may_write")
    assert "staff" in found.found or "ALL PRIVILEGES" in found.found


def test_an_account_that_only_reads_passes_without_advice(owner: sa.Engine, place: sa.URL) -> None:
    with reader(place) as url:
        assert [(one.passed, one.mend) for one in store(url).check()] == [(True, "")] * 4


def test_what_is_wrong_is_said_as_what_to_do_next(owner: sa.Engine, place: sa.URL) -> None:
    wrong = {"employee": "SELECT number FROM nobody"}
    assert store(place, queries=wrong).check()[-1].mend == "sql_store.mend.bad_query"
    with pytest.raises(AuthError):
        list(store(place.set(username="nobody_here", password="x")).pull("employee", ASKED))
    with pytest.raises(ConfigError, match="nobody_here"):
        list(store(place.set(database="nobody_here")).pull("employee", ASKED))


def test_a_statement_that_takes_too_long_is_stopped_by_the_server(owner: sa.Engine, place: sa.URL) -> None:
    slow = {"postgresql": "SELECT pg_sleep(9) AS number", "mariadb": "SELECT SLEEP(9) AS number"}[owner.dialect.name]
    with pytest.raises(RetryableError):
        list(store(place, queries={"employee": slow}, timeout_s=1).pull("employee", ASKED))
