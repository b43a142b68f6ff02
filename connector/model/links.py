"""Links between a number in one system and a person in HR: by which rule, on what evidence, by whom, until when.

Promises: a link ends, it is never deleted, so that every night can be explained by the links of that night. Never
here: how a link is found, or where it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# Whoever signs a link that a rule has made.
BY_RULE = "connector"

# The rules of the link step, the strongest first.
PERSON, STORED, ID_HASH, NUMBER_AND_NAME, NAME_AND_MOBILE = (
    "person", "stored", "id_hash", "number_and_name", "name_and_mobile",
)
# Links of HR's own numbers: an earlier number of somebody, and the one he has now.
SUCCEEDS, SAME_ID = "succeeds", "same_id"


@dataclass(frozen=True)
class Link:
    """One link. `evidence`: canonical JSON, what matched → its masked value. `why`: a person's own words."""

    system: str
    number: str
    person: str
    rule: str
    evidence: str
    why: str
    by: str
    at: datetime
    ended_by: str = ""
    ended_why: str = ""
    ended_at: datetime | None = None
