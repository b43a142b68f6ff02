"""The configuration as it is in force."""

from __future__ import annotations

import typer

from connector.cli.frame import CONFIG, DONE, ConfigOption, JsonOption, LangOption, house, language, print_json

group = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="config")


@group.command("show")
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
