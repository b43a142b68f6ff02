"""What every folder's tests may ask for: an empty store on each database that the store can stand on."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import execute, scratch_database


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    with scratch_database("postgresql") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a store that nobody has opened yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'c.db'}"
        return
    url = request.getfixturevalue("postgres")
    name = f"store_{secrets.token_hex(6)}"
    execute(url, f"CREATE SCHEMA {name}")
    yield url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    execute(url, f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(autouse=True)
def _nobody_started_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printed commands read as the program's own name, however the tests themselves were started."""
    monkeypatch.delenv("CONNECTOR_STARTED_AS", raising=False)
