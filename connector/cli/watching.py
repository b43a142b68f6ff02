"""How nights are, as documents for `--json` and as lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from connector.engine.watch import Health
    from connector.store.due import Due


def run_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """One run: {run, as_of, mode, state, started_at, ended_at, seconds, actions, held, troubles}."""
    plan = row["document"].get("plan") or {}
    ended, started = row["ended_at"], row["started_at"]
    return {
        "run": row["id"], "as_of": row["business_date"].isoformat(), "mode": row["mode"], "state": row["state"],
        "started_at": started.isoformat(), "ended_at": ended.isoformat() if ended else None,
        "seconds": round((ended - started).total_seconds(), 1) if ended else None,
        "actions": len(plan.get("actions", [])), "held": sum(g["count"] for g in plan.get("held", [])),
        "troubles": [{name: t[name] for name in ("place", "code", "facts")} for t in troubles_of(row)],
    }


def troubles_of(row: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return list(row["document"].get("troubles") or []) if row else []


def run_line(run: Mapping[str, Any], zone: ZoneInfo, lang: str) -> str:
    """One run as a line."""
    from connector.i18n import text

    counts = text("status.counts", lang, actions=run["actions"], held=run["held"], troubles=len(run["troubles"]))
    took = text("status.seconds", lang, count=run["seconds"]) if run["seconds"] is not None else ""
    return "  ".join((
        run["run"], run["as_of"], text(f"mode.{run['mode']}", lang), text(f"status.row_state.{run['state']}", lang),
        local(datetime.fromisoformat(run["started_at"]), zone), took, counts,
    ))


def local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def status_document(health: Health, mode: str, times: list[str], now: datetime) -> dict[str, Any]:
    """As in `status --json`; ages in hours, instants in UTC."""
    whole = health.whole_at
    return {
        "mode": mode, "alarms": list(health.alarms), "next": times,
        "last_run": run_document(health.last) if health.last else None,
        "last_whole_night_at": whole.isoformat() if whole else None,
        "last_whole_night_age_hours": round((now - whole).total_seconds() / 3600, 1) if whole else None,
        "awake_at": health.awake_at.isoformat() if health.awake_at else None,
        "days": [{
            "as_of": row.business_date.isoformat(), "state": row.state, "attempts": row.attempts, "cause": row.cause,
            "retry_at": row.retry_at.isoformat() if row.retry_at else None,
        } for row in health.days],
        "troubles": troubles_of(health.ended),
    }


def show_status(health: Health, mode: str, times: list[str], here: tuple[datetime, ZoneInfo], lang: str) -> None:
    """The same for people: alarms last, where the eye is."""
    from connector.cli.screen import Screen
    from connector.cli.show import show_troubles
    from connector.i18n import text
    from connector.model.runs import Trouble

    out, (now, zone) = Screen(), here
    out.line(text("status.mode", lang, mode=text(f"mode.{mode}", lang)), style="bold")
    out.line(_duty(health, now, lang))
    if health.last is not None:
        state = text(f"status.row_state.{health.last['state']}", lang)
        out.line(text("status.last", lang, run=health.last["id"], as_of=health.last["business_date"], state=state,
                      at=local(health.last["started_at"], zone)))
    if health.whole_at is not None:
        out.line(text("status.whole", lang, hours=round((now - health.whole_at).total_seconds() / 3600)))
    else:
        out.line(text("status.never_whole", lang))
    if health.days:
        out.line(_days(health.days, lang))
    if health.days and health.days[0].retry_at is not None:
        failed = health.days[0]
        out.line(text("status.retry", lang, as_of=failed.business_date, cause=failed.cause,
                      at=local(health.days[0].retry_at, zone)))
    out.line(f"{text('status.next', lang)} {'  '.join(times)}")
    show_troubles(out, [Trouble(**trouble) for trouble in troubles_of(health.ended)], lang)
    for alarm in health.alarms:
        out.line(text(f"status.{alarm}", lang), style="bold red")


def _duty(health: Health, now: datetime, lang: str) -> str:
    from connector.i18n import text

    if health.awake_at is None:
        return text("status.not_on_duty", lang)
    minutes = max(0, round((now - health.awake_at).total_seconds() / 60))
    return text("status.awake", lang, ago=text("status.minutes", lang, count=minutes))


def _days(days: tuple[Due, ...], lang: str) -> str:
    """The last dates in order, each with a sign and a word: a missed Tuesday is seen beside its neighbours."""
    from connector.i18n import text

    signs = {"done": "✓", "failed": "✗", "skipped": "○", "running": "…", "due": "→"}
    said = (f"{row.business_date:%m-%d} {signs[row.state]} {text(f'status.day.{row.state}', lang)}"
            for row in reversed(days))
    return f"{text('status.days', lang)} {'  '.join(said)}"
