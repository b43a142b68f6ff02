"""About the configuration itself: what is in force and why, and what it needs of others. Asks no system."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from connector.cli.frame import CONFIG, DONE, ConfigOption, JsonOption, LangOption, house, language, print_json

group = typer.Typer(no_args_is_help=True)


class Dialect(StrEnum):
    """Databases that the table of warnings can be made in."""

    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"
    MYSQL = "mysql"
    SQLITE = "sqlite"


DialectOption = Annotated[Dialect, typer.Option("--dialect", help="the database of the HR store")]


def register(app: typer.Typer) -> None:
    group.command("show")(show)
    group.command("writeback-ddl")(writeback_ddl)
    app.add_typer(group, name="config")


def show(config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "") -> int:
    """Every setting in force and where it comes from: the file's line, the environment, a default. No secret."""
    from connector.cli.screen import Screen
    from connector.i18n import text

    lang = language(lang)
    found = house().origins(config)
    if json:
        print_json([vars(one) for one in found])
        return DONE
    out = Screen()
    for one in found:
        out.line(f"{one.name} = {_said(one.value)}    # {text(f'config.{one.origin}', lang, place=one.place)}")
    return DONE


def _said(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_said(one) for one in value)
    return "" if value is None else str(value)


def writeback_ddl(dialect: DialectOption = Dialect.POSTGRESQL, json: JsonOption = False, lang: LangOption = "") -> int:
    """Print the SQL of the one table the connector writes in an HR database. Runs nothing."""
    from connector.adapters.sql_store import ddl

    language(lang)
    sql = ddl.writeback_ddl(dialect.value)
    if json:
        print_json({"dialect": dialect.value, "sql": sql})
    else:
        sys.stdout.write(sql)
    return DONE
