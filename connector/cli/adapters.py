"""For authors of adapters, and whoever chooses one: begin a new one, try it, see what there is and how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.frame import DONE, FAILED, JsonOption, LangOption, house, language, print_json

if TYPE_CHECKING:
    from connector.adapters.registry import Product
    from connector.cli.screen import Screen
    from connector.testing.quality import Verdict

group = typer.Typer(no_args_is_help=True)

AdmittingOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="configuration whose `adapters` are known too")
]
NamesArgument = Annotated[
    list[str] | None, typer.Argument(help="adapters, or the folder of one that is being written; default: all")
]
# How a criterion ended: shape before colour.
_SIGNS = {"met": "✓", "exempt": "○", "failed": "✗"}


def register(app: typer.Typer) -> None:
    group.command("new")(new)
    group.command("check")(check)
    group.command("list")(list_)
    app.add_typer(group, name="adapter")


def new(
    name: Annotated[str, typer.Argument(help="small letters, digits and _; names adapter, package and folder")],
    into: Annotated[Path, typer.Option("--into", help="folder in which the adapter's own folder is made")] = Path(),
    json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Write the folder of a new adapter: its parts, a stand-in, and a trial that is red until the mapping is right."""
    from connector.cli.screen import Screen
    from connector.cli.seedling import plant
    from connector.i18n import text

    lang = language(lang)
    folder = into / name
    files = plant(name, folder)
    if json:
        print_json({"folder": str(folder), "files": [path.as_posix() for path in files]})
        return DONE
    for path in files:
        Screen().line(f"  {path.as_posix()}", style="dim")
    Screen().line(text("adapter.planted", lang, folder=folder))
    return DONE


def check(
    names: NamesArgument = None, config: AdmittingOption = None, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Try an adapter on its stand-in: every promise of the contract, and the claims of its quality card."""
    from connector.cli.screen import Screen
    from connector.testing.conformance import attempt_all
    from connector.testing.quality import level_of, load_card, verify

    lang = language(lang)
    found = []
    for product in _asked(names or [], config):
        card = load_card(product)
        verdicts = verify(product, card, attempt_all(product))
        proved = level_of(verdicts)
        found.append({"adapter": product.name, "claimed": card.level, "proved": proved,
                      "criteria": [vars(one) for one in verdicts]})
        if not json:
            _show(Screen(), product, verdicts, lang)
            _show_level(Screen(), card.level, proved, lang)
    if json:
        print_json(found)
    return DONE if all(one["claimed"] == one["proved"] != "none" for one in found) else FAILED


def _asked(names: list[str], config: Path | None) -> list[Product]:
    """Adapters by name or folder; without one those that the configuration uses, or all of ours."""
    from connector.adapters import registry
    from connector.adapters.guests import product_in

    known, used = house().products(config)
    return [
        product_in(Path(name)) if Path(name, "pyproject.toml").is_file() else registry.product(name, known)
        for name in names or used or known
    ]


def _show(out: Screen, product: Product, verdicts: list[Verdict], lang: str) -> None:
    from connector.i18n import text

    out.line(f"{product.name} · {product.manifest().title[lang]}", style="bold")
    for one in verdicts:
        out.line(f"  {_SIGNS[one.state]} {text(f'conformance.{one.criterion}', lang)}")
        if one.found:
            sign, style = ("→", "") if one.state == "failed" else ("·", "dim")
            out.line(f"    {sign} {one.found}", style=style)


def _show_level(out: Screen, claimed: str, proved: str, lang: str) -> None:
    from connector.i18n import text

    words = {"claimed": text(f"level.{claimed}", lang), "proved": text(f"level.{proved}", lang)}
    out.line("  " + text("adapter.true" if claimed == proved else "adapter.untrue", lang, **words))


def list_(config: AdmittingOption = None, json: JsonOption = False, lang: LangOption = "") -> int:
    """Every adapter there is: roles, streams, what it can write, and the level its quality card claims."""
    from connector.cli.screen import Screen
    from connector.i18n import text

    lang = language(lang)
    products = list(house().products(config)[0].values())
    found = [_told(one) for one in products]
    if json:
        print_json(found)
        return DONE
    Screen().rows(
        (
            str(one["adapter"]), str(one["title"][lang]), text(f"level.{one['level']}", lang),
            ", ".join(text(f"kind.{kind}", lang) for kind in one["sinks"]) or text("adapter.reads_only", lang),
        )
        for one in found
    )
    return DONE


def _told(product: Product) -> dict[str, Any]:
    """One line of the list, as JSON."""
    from connector.testing.quality import load_card

    manifest = product.manifest()
    return {
        "adapter": product.name, "title": manifest.title, "roles": manifest.roles, "streams": manifest.streams,
        "sinks": [sink.kind for sink in manifest.sinks], "level": load_card(product).level,
    }
