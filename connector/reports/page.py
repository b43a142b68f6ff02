"""The night as one self-contained page: no script, no request to anywhere, every value escaped.

The style sheet is the only thing that the page's own security policy lets the browser apply, by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from connector.i18n import text
from connector.i18n.foreign import clean
from connector.i18n.sentences import day_text
from connector.model.runs import NightRecord
from connector.reports import sections
from connector.reports.charts import ROW_HEIGHT
from connector.reports.stories import stories


def render_page(night: NightRecord, language: str) -> str:
    """The whole `report.html` as text. `language`: zh_CN or en."""
    style = _style()
    return _environment().get_template("page.html.jinja").render(
        language=language, night=night, style=style, policy=_policy(style), row_height=ROW_HEIGHT,
        as_of=day_text(night.as_of, language), footer=_footer(night, language),
        head=sections.headline(night, language), sources=sections.sources(night, language),
        books=sections.books(night, language), notes=sections.proof_notes(night, language),
        troubles=sections.troubles(night, language), bars=sections.bars(night, language),
        waterfall=sections.waterfall(night, language), plan=sections.plan(night, language),
        held=sections.held(night, language), findings=sections.findings(night, language),
        stories=stories(night, language), is_whole=sections.is_whole(night),
    )


def _footer(night: NightRecord, language: str) -> str:
    started, ended = (f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" for at in (night.started_at, night.ended_at))
    return text(
        "page.footer", language, run=night.run, rule_book=str(night.findings["rule_book"])[:12],
        plan_hash=str(night.plan["hash"])[:12], started=started, ended=ended,
    )


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("connector.reports"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_shown,
    )
    found.globals["t"] = _say
    return found


def _shown(value: Any) -> Any:
    """Every value on its way into the page: without control characters and without marks that turn its direction."""
    is_markup = hasattr(value, "__html__")  # what a macro of the template itself made
    return clean(value) if isinstance(value, str) and not is_markup else value


@pass_context
def _say(context: Context, code: str, **facts: Any) -> str:
    return text(f"page.{code}", str(context["language"]), **facts)


@cache
def _style() -> str:
    return (resources.files("connector.reports") / "templates" / "page.css").read_text("utf-8")


def _policy(style: str) -> str:
    """Nothing is loaded from anywhere; only this very style sheet is applied."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
