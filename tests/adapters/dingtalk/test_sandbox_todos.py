"""To-dos on the DingTalk stand-in: one per key, seen by those whom it concerns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dingtalk_client import Client, company


@pytest.fixture
def client() -> Client:
    return Client(company())


def todo(client: Client, source: str = "exit-LZ1", **more: Any) -> tuple[int, Any]:
    union = client.union("svc_finance")
    body = {"sourceId": source, "subject": "请结清借款", "executorIds": [client.union("uE1")], "priority": 20}
    return client.new("POST", f"/v1.0/todo/users/{union}/tasks", body | more, {"operatorId": union})


def ops(client: Client) -> list[tuple[object, object]]:
    return [(effect["op"], effect["key"]) for effect in client.world.effects]


def test_the_same_source_gives_the_same_to_do_unchanged(client: Client):
    first = todo(client)[1]
    again = todo(client, subject="另一句话")[1]
    assert (again["id"], again["subject"], again["done"]) == (first["id"], "请结清借款", False)
    assert ops(client) == [("todo/users/{unionId}/tasks", "exit-LZ1")]


def test_a_to_do_is_found_by_its_source_changed_and_ticked(client: Client):
    made = todo(client)[1]
    base = f"/v1.0/todo/users/{client.union('svc_finance')}/tasks"
    assert client.new("PUT", f"{base}/{made['id']}", {"done": True, "description": "新"})[1] == {
        "result": True
    }
    found = client.new("GET", f"{base}/sources/exit-LZ1")[1]
    assert (found["id"], found["done"], found["description"]) == (made["id"], True, "新")
    assert client.new("GET", f"{base}/{made['id']}")[1] == found


def test_a_to_do_that_is_not_there_is_not_found_and_a_deleted_one_can_be_made_again(client: Client):
    union = client.union("svc_finance")
    source = f"/v1.0/todo/users/{union}/tasks/sources/exit-LZ1"
    assert client.new("GET", source)[0] == 404
    first = todo(client)[1]["id"]
    assert client.new("GET", source.replace(union, client.union("uE3")))[0] == 404  # not his
    assert client.new("DELETE", f"/v1.0/todo/users/{union}/tasks/{first}")[0] == 200
    assert client.new("GET", source)[0] == 404
    assert todo(client)[1]["id"] != first


def test_a_to_do_wants_unionids_and_not_userids(client: Client):
    assert todo(client, executorIds=["uE1"])[1]["code"] == "unionIdNotExist"
    assert client.new("POST", "/v1.0/todo/users/svc_finance/tasks", {"subject": "x"})[0] == 400
