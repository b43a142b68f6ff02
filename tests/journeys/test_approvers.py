"""Who decides in the OA: an approval that waits for somebody who has left is found, over the whole night."""

from __future__ import annotations

from datetime import timedelta

from tests.journeys.conftest import Town


def wait_for(town: Town, approver: str) -> None:
    """A running loan approval stands with one employee."""
    row = {"number": "SP9001", "kind": "loan", "employee": "1003", "loan": "JK9001"}
    day = (town.world.today() - timedelta(days=1)).isoformat()
    for step, decision, node, who in (("0", "submit", "员工", "1003"), ("1", "waiting", "部门经理", approver)):
        said = {"step": step, "decision": decision, "node": node, "approver": who, "opinion": ""}
        town.world.put("approvals", row | said | {"decided_at": f"{day}T09:0{step}:00+08:00"})


def vacant(town: Town) -> list[str]:
    found = town.night().findings["findings"]
    return [one["employee"] for one in found if one["rule"] == "org.approver_vacant"]


def test_an_approval_that_waits_for_somebody_who_left_the_directory_is_found(town: Town) -> None:
    wait_for(town, "1007")
    assert vacant(town) == []
    row = next(row for row in town.world.rows("employees") if row["number"] == "1007")
    town.world.put("employees", dict(row) | {"status": "left", "last_day": town.world.today().isoformat()})
    assert vacant(town) == ["1007"]
