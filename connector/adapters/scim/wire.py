"""SCIM 2.0 on the wire: the query of a page, and what a ListResponse holds (RFC 7644, 3.4.2).

Sans-IO: values in, values out. Attribute names are read in any case, as RFC 7643, 2.1 wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from connector.errors import WireError

PATH = "/Users"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# Raw columns of a user, always all of them. `managerId` is the manager's id in the directory.
COLUMNS = (
    "id", "userName", "externalId", "employeeNumber", "displayName", "active", "title", "mobile", "department",
    "managerId",
)
# What is asked for: nothing else of a person is of our business.
_ATTRIBUTES = ("userName", "externalId", "name", "displayName", "active", "title", "phoneNumbers", ENTERPRISE)


@dataclass(frozen=True)
class Listed:
    """One page: users as they came, and how many there are in all."""

    users: list[dict[str, Any]]
    total: int


def query(start: int, rows: int) -> dict[str, str]:
    """The query of the page that begins at the `start`-th user, counted from 1."""
    return {"startIndex": str(start), "count": str(rows), "attributes": ",".join(_ATTRIBUTES)}


def listed(document: Any, place: str) -> Listed:
    """The page of an answer. WireError when it is no ListResponse."""
    body = _lower(document)
    schemas = body.get("schemas")
    if not isinstance(schemas, list) or LIST.lower() not in [str(one).lower() for one in schemas]:
        mend = "base_url has to lead to a SCIM 2.0 service, often ending in /scim/v2"
        raise WireError("found no ListResponse", place=place, mend=mend)
    total, users = body.get("totalresults"), body.get("resources") or []
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        raise WireError("found no totalResults, expected the number of users", place=place)
    if not isinstance(users, list) or not all(isinstance(user, dict) for user in users):
        raise WireError("found Resources that are no users", place=place)
    return Listed(users, total)


def frame(users: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Users → columns of text."""
    told = [_columns(_lower(user)) for user in users]
    return pl.DataFrame(
        {name: [one[name] for one in told] for name in COLUMNS}, schema=dict.fromkeys(COLUMNS, pl.String)
    )


def _columns(user: dict[str, Any]) -> dict[str, str | None]:
    extension, name = _lower(user.get(ENTERPRISE.lower())), _lower(user.get("name"))
    manager = extension.get("manager")
    active = user.get("active")
    said = {
        "id": user.get("id"), "userName": user.get("username"), "externalId": user.get("externalid"),
        "employeeNumber": extension.get("employeenumber"), "title": user.get("title"),
        "displayName": user.get("displayname") or name.get("formatted") or _joined(name),
        "mobile": _mobile(user.get("phonenumbers")), "department": extension.get("department"),
        "managerId": _lower(manager).get("value") if isinstance(manager, dict) else manager,
    }
    shown = {key: None if value is None else str(value) for key, value in said.items()}
    return shown | {"active": str(active).lower() if isinstance(active, bool | str) else None}


def _joined(name: dict[str, Any]) -> str | None:
    """Family name first where it is written without a blank between, as in Chinese."""
    family, given = (str(name.get(part) or "") for part in ("familyname", "givenname"))
    is_latin = (family + given).isascii()
    return (f"{given} {family}".strip() if is_latin else family + given) or None


def _mobile(numbers: Any) -> Any:
    known = [_lower(one) for one in numbers] if isinstance(numbers, list) else []
    return next((one.get("value") for one in known if one.get("type") == "mobile"), None)


def _lower(value: Any) -> dict[str, Any]:
    return {str(name).lower(): inner for name, inner in value.items()} if isinstance(value, dict) else {}
