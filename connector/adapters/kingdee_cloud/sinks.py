"""Which marks a connection can carry, where they stand, and how safely they are written.

Values in, values out. Nothing is sent, read or decided here.
"""

from __future__ import annotations

from connector.adapters.contract import SinkKind
from connector.adapters.kingdee_cloud.connection import EMPLOYEES, KingdeeForm
from connector.adapters.kingdee_cloud.enrichment import ENRICHMENT, EnrichmentShape
from connector.adapters.kingdee_cloud.flags import RISK_FLAG, FlagShape
from connector.adapters.kingdee_cloud.marks import Place, Shape

_ON_EMPLOYEES = Place(EMPLOYEES, "FNumber")
# A record is made by a Save whose answer may be lost; it may still land while the server works on it, seconds. The
# vendor's own SDK waits so long for an answer.
_LANDING_S = 120.0


def mark_places(form: KingdeeForm) -> list[tuple[Place, Shape]]:
    """Kinds of marks with their places; what the connection names no field for is not there."""
    flags = form.flags
    own = Place(flags.form, flags.number, is_own=True, employee=flags.employee)
    found: list[tuple[Place, Shape]] = [(own if flags.has_own_form else _ON_EMPLOYEES, FlagShape(flags))]
    if form.enrichment.named:
        found.append((_ON_EMPLOYEES, EnrichmentShape(form.enrichment)))
    return found


def sinks_of(form: KingdeeForm) -> tuple[SinkKind, ...]:
    """The sinks of the manifest. Making a record is no repeat-safe write; changing one is."""
    own = form.flags.has_own_form
    flag = SinkKind(RISK_FLAG, "append", _LANDING_S) if own else SinkKind(RISK_FLAG, "upsert")
    named = tuple(form.enrichment.named)
    return (flag, SinkKind(ENRICHMENT, "upsert", keys=named)) if named else (flag,)
