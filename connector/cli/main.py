"""All commands, by group. Imports nothing heavy: a command imports what it needs when it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from connector.cli import demo, night, people, setup
from connector.cli.frame import CRASHED, USAGE, enter, explain_error, language

app = typer.Typer(
    name="connector", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="把借款和在职状态对起来 / Compares employee loans with employment status across finance, OA and HR.",
)
for group in (demo, setup, night, people):
    group.register(app)


def run(arguments: Sequence[str], house: Callable[[], Any]) -> int:
    """Run one command line; returns the exit code. No exception leaves."""
    enter(house)
    lang = language("")
    try:
        code = app(args=list(arguments), standalone_mode=False, prog_name="connector")
        return int(code or 0)
    except typer.Exit as leaving:
        return leaving.exit_code
    except typer.TyperException as wrong:
        if wrong.format_message():  # empty when help was shown because nothing was asked
            sys.stderr.write(f"✗ {wrong.format_message()}\n  → {_hint(lang)}\n")
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\n")
        return 130
    except Exception as error:
        return _last_catch(error, lang)


def _last_catch(error: Exception, lang: str) -> int:
    from connector.errors import ConnectorError

    if isinstance(error, ConnectorError):
        return explain_error(error, lang)
    import traceback

    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{f.filename.rsplit('connector/', 1)[-1]}:{f.lineno}" for f in reversed(frames))
    sys.stderr.write(f"✗ {type(error).__name__} ({where})\n  → {_report(lang)}\n")
    return CRASHED


def _report(lang: str) -> str:
    from connector.i18n import text

    return text("cli.crash", lang)


def _hint(lang: str) -> str:
    from connector.i18n import text

    return text("cli.usage", lang)
