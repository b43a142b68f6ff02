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
    DateOption,
    JsonOption,
    LangOption,
    house,
    language,
    print_json,
    progress_shown,
)

if TYPE_CHECKING:
    from connector.adapters.contract import Check
    from connector.store.database import Store


def register(app: typer.Typer) -> None:
    app.command("init")(init)
    app.command("check")(check)
    app.command("doctor")(doctor)
    app.command("live")(live)
    app.command("db")(db)


def init(
    folder: Annotated[Path, typer.Argument(help="folder of the installation")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing connector.yaml")] = False,
    json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Write connector.yaml with every setting explained, and the folders it names."""
    from connector.cli.screen import Screen
    from connector.errors import StateError
    from connector.i18n import text
    from connector.model.faults import fault

    lang = language(lang)
    target = folder / CONFIG
    if target.exists() and not force:
        raise fault(StateError, "command.exists", str(target))
    for name in (folder, folder / "data", folder / "secrets"):
        name.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.write_text((resources.files("connector.cli") / "connector.example.yaml").read_text("utf-8"), "utf-8")
    target.chmod(0o600)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("# secrets and people's data never belong into a repository\nsecrets/\ndata/\n", "utf-8")
    if json:
        print_json({"config": str(target)})
    else:
        Screen().line(text("cli.init", lang, path=target))
    return DONE


def check(config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "") -> int:
    """Read the configuration, the rule book and the mappings. Connects to nothing."""
    from connector.cli.screen import Screen

    language(lang)
    lines = house().check(config)
    if json:
        print_json({"found": lines})
    else:
        for line in lines:
            Screen().line(f"● {line}")
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
    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.i18n.sentences import found_text

    out = Screen()
    for name, checks in found.items():
        out.line(name, style="bold")
        for one in checks:
            out.line(f"  {'✓' if one.passed else '✗'} {text('stage.' + one.stage, lang)} {found_text(one.found, lang)}")
            if one.mend:
                out.line(f"    → {text(one.mend, lang)}")


def live(
    switch: Annotated[str, typer.Argument(help="on or off")], by: ByOption, config: ConfigOption = CONFIG,
    as_of: DateOption = "", json: JsonOption = False, lang: LangOption = "",
    despite_links: Annotated[
        bool, typer.Option("--despite-links", help="go live although some loans belong to nobody for sure")
    ] = False,
) -> int:
    """Switch writing on or off. `on` shows what the first live night will write; refuses while proofs are missing."""
    from connector.cli.night import one_night
    from connector.cli.screen import Screen
    from connector.cli.show import show_night
    from connector.errors import StateError, UsageError
    from connector.i18n import text
    from connector.model.faults import fault

    lang = language(lang)
    if switch not in ("on", "off"):
        raise fault(UsageError, "command.no_switch", "live", found=switch)
    if switch == "off":  # the emergency stop: whatever else is broken
        with house().store(config) as store:
            _switch(store, "off", by)
    else:
        with progress_shown(json, lang) as progress, house().desk(config, progress) as desk:
            record, folder = one_night(desk, as_of, "observe", None, lang)
            if not json:
                show_night(record, folder, lang)
            unproven = ("stream_incomplete", "books_differ", "releases_suspended")
            if any(trouble.code in unproven for trouble in record.troubles):
                raise fault(StateError, "command.unproven", "live on")
            astray = [record.proof["links"][state] for state in ("unlinked", "disputed")]
            if any(astray) and not despite_links:
                raise fault(StateError, "command.astray", "live on", loans=sum(astray))
            _switch(desk.store, "on", by)
    if json:
        print_json({"mode": "live" if switch == "on" else "observe", "by": by})
    else:
        Screen().line(text(f"cli.live_{switch}", lang, by=by))
    return DONE


def _switch(store: Store, switch: str, by: str) -> None:
    from datetime import UTC, datetime

    from connector.store import audit

    audit.write_setting(store, "mode", "live" if switch == "on" else "observe")
    audit.write_line(store, by, f"live_{switch}", {}, datetime.now(UTC))


def db(
    verb: Annotated[str, typer.Argument(help="upgrade or version")] = "version", config: ConfigOption = CONFIG,
    json: JsonOption = False, lang: LangOption = "",
) -> int:
    """The store's schema: show its version, or bring it up to date (every start does that by itself)."""
    from connector.cli.screen import Screen
    from connector.errors import UsageError
    from connector.model.faults import fault
    from connector.store.database import SCHEMA, schema_version

    language(lang)
    if verb not in ("upgrade", "version"):
        raise fault(UsageError, "command.no_verb", "db", found=verb)
    with house().desk(config) as desk:
        version = schema_version(desk.store.engine)
    if json:
        print_json({"schema": version, "program": SCHEMA})
    else:
        Screen().line(f"schema {version} (program: {SCHEMA})")
    return DONE
