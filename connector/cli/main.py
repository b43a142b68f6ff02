"""All commands, by group. Imports nothing heavy: a command imports what it needs when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import typer

from connector.cli import (
    adapters,
    config,
    demo,
    export,
    history,
    identity,
    night,
    operate,
    people,
    rulebook,
    setup,
    undoing,
)
from connector.cli.frame import CRASHED, FAILED, USAGE, enter, explain_error, language, print_json

app = typer.Typer(
    name="connector", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="把借款和在职状态对起来 / Compares employee loans with employment status across finance, OA and HR.",
)
for group in (
    demo, setup, night, people, identity, history, operate, undoing, export, config, rulebook, adapters,
):
    group.register(app)


def run(arguments: Sequence[str], house: Callable[[], Any]) -> int:
    """Run one command line; returns the exit code. No exception leaves."""
    os.umask(0o077)  # whatever a command writes is its owner's alone
    enter(house)
    lang = spoken(arguments)
    speak(lang)
    try:
        code = app(args=list(arguments), standalone_mode=False, prog_name="connector")
        return int(code or 0)
    except typer.Exit as leaving:
        return leaving.exit_code
    except typer.TyperException as wrong:
        if wrong.format_message():  # empty when help was shown because nothing was asked
            from connector.cli.screen import as_typed

            sys.stderr.write(as_typed(f"✗ {wrong.format_message()}\n  → {_say('cli.usage', lang)}\n"))
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\n")
        return 130
    except Exception as error:
        code = _last_catch(error, lang)
        if "--json" in arguments:
            print_json({"error": _named(error), "exit_code": code})
        return code


def speak(lang: str) -> None:
    """The commands' own descriptions in a language."""
    from connector.i18n import section

    texts = section("cli", lang)
    for command in app.registered_commands:
        command.help = texts[f"help.{command.name}"]
    for group in app.registered_groups:
        group.help = texts[f"help.{group.name}"]
        for command in group.typer_instance.registered_commands if group.typer_instance else ():
            command.help = texts[f"help.{group.name}_{command.name}"]


def spoken(arguments: Sequence[str]) -> str:
    """The language of this command line, before it is parsed: for what goes wrong on the way."""
    asked = [after for word, after in pairwise(arguments) if word == "--lang"]
    asked += [word.partition("=")[2] for word in arguments if word.startswith("--lang=")]
    return asked[-1] if asked and asked[-1] in ("zh_CN", "en") else language("")


def _last_catch(error: Exception, lang: str) -> int:
    from connector.errors import ConnectorError

    if isinstance(error, ConnectorError):
        return explain_error(error, lang)
    if isinstance(error, OSError):  # a path that cannot be read or written: said with its name, and mended by its owner
        sys.stderr.write(f"✗ {error.filename or ''}: {error.strerror or type(error).__name__}\n")
        sys.stderr.write(f"  → {_say('cli.path', lang)}\n")
        return FAILED
    import traceback

    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{f.filename.rsplit('connector/', 1)[-1]}:{f.lineno}" for f in reversed(frames))
    sys.stderr.write(f"✗ {type(error).__name__} ({where})\n  → {_say('cli.crash', lang)}\n")
    return CRASHED


def _named(error: Exception) -> dict[str, str]:
    from connector.errors import ConnectorError

    if not isinstance(error, ConnectorError):
        return {"kind": type(error).__name__}
    named = {"kind": type(error).__name__, "place": error.place, "message": error.message, "mend": error.mend}
    return named | ({"code": error.code} if error.code else {})


def _say(key: str, lang: str) -> str:
    from connector.i18n import text

    return text(key, lang)
