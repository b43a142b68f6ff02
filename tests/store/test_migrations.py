"""A database that an older program left: brought up to date without losing a row, and the same as a new one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from connector.store import audit, due, links
from connector.store.database import SCHEMA, open_store, schema_version
from connector.store.due import NIGHTLY
from connector.store.tables import metadata

ROW = {"sqlite": {sa.Integer: 7, sa.Boolean: True, sa.Date: date(2026, 7, 1), sa.DateTime: datetime(2026, 7, 1, 2)}}


def migrated(engine: sa.Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(resources.files("connector.store") / "migrations"))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, revision)


def filled(engine: sa.Engine) -> dict[str, list[Any]]:
    """A row in every table of whatever schema stands there; returns what the database holds."""
    found = sa.MetaData()
    found.reflect(engine)
    found.remove(found.tables["alembic_version"])
    with engine.begin() as conn:
        for table in found.sorted_tables:
            conn.execute(table.insert().values({
                column.name: next((v for kind, v in ROW["sqlite"].items() if isinstance(column.type, kind)), "c")
                for column in table.columns
            }))
        return {t.name: [tuple(row) for row in conn.execute(sa.select(t))] for t in found.sorted_tables}


def shape(engine: sa.Engine) -> dict[str, Any]:
    inspector = sa.inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(name)],
            inspector.get_pk_constraint(name)["constrained_columns"],
            sorted((i["name"], tuple(i["column_names"])) for i in inspector.get_indexes(name)),
        )
        for name in inspector.get_table_names() if name != "alembic_version"
    }


def test_every_row_of_the_first_schema_is_still_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    engine = sa.create_engine(url)
    migrated(engine, "0001")
    before = filled(engine)
    assert len(before) == 11 and all(before.values()) and schema_version(engine) == "0001"
    store = open_store(url, "c")
    with store.engine.connect() as conn:
        after = {name: [tuple(r) for r in conn.exec_driver_sql(f'SELECT * FROM "{name}"')] for name in before}
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    assert audit.read_setting(store, "c") == "c" and schema_version(store.engine) == SCHEMA
    assert due.put(store, NIGHTLY, date(2026, 7, 31), datetime(2026, 7, 31, tzinfo=UTC))
    store.engine.dispose()
    engine.dispose()


def test_links_of_the_step_before_live_on_and_may_end(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    engine = sa.create_engine(url)
    migrated(engine, "0002")
    with engine.begin() as conn:
        conn.exec_driver_sql(
            "INSERT INTO link (company, system, number, person, rule, \"by\", at) VALUES "
            "('c', 'kingdee', '1', 'a', 'stored', 'connector', '2026-07-01 02:00:00.000000')"
        )
    engine.dispose()
    store = open_store(url, "c")
    kept = links.living(store, "kingdee", "1")
    assert kept is not None and (kept.person, kept.rule) == ("a", "stored")
    assert kept.at == datetime(2026, 7, 1, 2, tzinfo=UTC)
    links.end_link(store, kept, "Wang", "not him", datetime(2026, 8, 1, tzinfo=UTC))
    assert links.stored_links(store, "kingdee").height == 0
    store.engine.dispose()


@pytest.mark.parametrize("steps", [[SCHEMA], ["0001", SCHEMA], ["0002", SCHEMA]])
def test_the_steps_lead_to_what_the_program_expects(tmp_path: Path, steps: list[str]) -> None:
    stepped, wanted = (sa.create_engine(f"sqlite:///{tmp_path / name}") for name in ("stepped.db", "wanted.db"))
    for step in steps:
        migrated(stepped, step)
    metadata.create_all(wanted)
    assert shape(stepped) == shape(wanted)
    stepped.dispose()
    wanted.dispose()


def test_a_step_that_breaks_off_leaves_the_schema_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    engine = sa.create_engine(url)
    migrated(engine, "0001")
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE due (in_the_way TEXT)")
    with pytest.raises(Exception, match="due"):
        open_store(url, "c")
    assert schema_version(engine) == "0001"
    engine.dispose()
