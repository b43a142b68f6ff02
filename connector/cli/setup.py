"""Setting up: write a first configuration, check it, ask every system, switch writing on and off, mind the database."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.frame import (
    CONFIG,
    DONE,
    FAILED,
    ByOption,
    ConfigOption,
    JsonOption,
    LangOption,
    house,
    language,
    print_json,
    progress_shown,
)

if TYPE_CHECKING:
    from connector.adapters.contract import Check


def register(app: typer.Typer) -> None:
    app.command("init")(init)
    app.command("check")(check)
    app.command("doctor")(doctor)
    app.command("live")(live)
    app.command("db")(db)


def init(
    folder: Annotated[Path, typer.Argument(help="folder of the installation")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing connector.yaml")] = False,
    lang: LangOption = "",
) -> int:
    """Write connector.yaml with every setting explained, and the folders it names."""
    from connector.cli.show import console
    from connector.errors import UsageError
    from connector.i18n import text

    lang = language(lang)
    target = folder / CONFIG
    if target.exists() and not force:
        raise UsageError("the file exists already", place=str(target), mend="edit it, or use --force")
    for name in (folder, folder / "data", folder / "secrets"):
        name.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.write_text((resources.files("connector.cli") / "connector.example.yaml").read_text("utf-8"), "utf-8")
    target.chmod(0o600)
    console().print(text("cli.init", lang, path=target))
    return DONE


def check(config: ConfigOption = CONFIG, json: JsonOption = False) -> int:
    """Read the configuration, the rule book and the mappings. Connects to nothing."""
    from connector.cli.show import console

    lines = house().check(config)
    if json:
        print_json({"found": lines})
    else:
        for line in lines:
            console().print(f"● {line}", markup=False)
    return DONE


def doctor(config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "") -> int:
    """Ask every system, step by step: reach, login, permission, fields, clock. Writes nothing."""
    from connector.errors import ConnectorError

    lang = language(lang)
    found: dict[str, list[Check]] = {}
    with progress_shown(json, lang) as progress, house().desk(config) as desk:
        for connection in desk.company.connections:
            progress(f"check.{connection.role}", 0)
            try:
                found[connection.name] = connection.adapter.check()
            except ConnectorError as error:
                found[connection.name] = [_failed(error)]
    if json:
        print_json({name: [vars(c) for c in checks] for name, checks in found.items()})
    else:
        _show_checks(found, lang)
    return DONE if all(c.passed for checks in found.values() for c in checks) else FAILED


def _failed(error: Exception) -> Check:
    from connector.adapters.contract import Check

    return Check("reach", False, str(error))


def _show_checks(found: dict[str, list[Check]], lang: str) -> None:
    from connector.cli.show import console
    from connector.i18n import text

    out = console()
    for name, checks in found.items():
        out.print(name, style="bold", markup=False)
        for one in checks:
            out.print(f"  {'✓' if one.passed else '✗'} {text('stage.' + one.stage, lang)} {one.found}", markup=False)
            if one.mend and not one.passed:
                out.print(f"    → {text(one.mend, lang)}", markup=False)


def live(
    switch: Annotated[str, typer.Argument(help="on or off")], by: ByOption, config: ConfigOption = CONFIG,
    json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Switch writing on or off. `on` shows what the first live night will write; refuses while proofs are missing."""
    from connector.cli.night import one_night
    from connector.cli.show import console, show_night
    from connector.errors import UsageError
    from connector.i18n import text
    from connector.store import audit

    lang = language(lang)
    if switch not in ("on", "off"):
        raise UsageError(f"`{switch}`", place="live", mend="connector live on|off --by NAME")
    with progress_shown(json, lang) as progress, house().desk(config, progress) as desk:
        if switch == "on":
            record, folder = one_night(desk, "", "observe", None, lang)
            if not json:
                show_night(record, folder, lang)
            unproven = ("stream_incomplete", "books_differ", "releases_suspended")
            if any(trouble.code in unproven for trouble in record.troubles):
                raise UsageError("not everything is proven yet (see above)", place="live on", mend="connector doctor")
        audit.write_setting(desk.store, "mode", "live" if switch == "on" else "observe")
        audit.write_line(desk.store, by, f"live_{switch}", {}, desk.clock.now())
    if json:
        print_json({"mode": "live" if switch == "on" else "observe", "by": by})
    else:
        console().print(text(f"cli.live_{switch}", lang, by=by))
    return DONE


def db(
    verb: Annotated[str, typer.Argument(help="upgrade or version")] = "version", config: ConfigOption = CONFIG
) -> int:
    """The store's schema: show its version, or bring it up to date (every start does that by itself)."""
    from connector.cli.show import console
    from connector.errors import UsageError
    from connector.store.database import SCHEMA, schema_version

    if verb not in ("upgrade", "version"):
        raise UsageError(f"`{verb}`", place="db", mend="connector db upgrade | version")
    with house().desk(config) as desk:
        console().print(f"schema {schema_version(desk.store.engine)} (program: {SCHEMA})")
    return DONE
