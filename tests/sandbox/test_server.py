"""A sandbox on real ports: whole answers, broken ones, late ones, and the control server."""

import http.client
import json
import sqlite3
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connector.errors import UsageError
from connector.sandbox.http import Request, Response
from connector.sandbox.server import Sandbox, start_sandbox
from connector.sandbox.world import World
from tests.sandbox.folders import employee, small_world


class Echo:
    """Answers with what it was asked, and a list of ten rows."""

    def __init__(self, world: World) -> None:
        self.world = world

    def respond(self, request: Request) -> Response:
        said = request.body.decode()
        if request.method == "POST":
            self.world.record("kingdee", "write", said, said)
        body = json.dumps({"asked": [request.method, request.path, request.query, said], "rows": list(range(10))})
        seen = request.headers.get("x-sent") or ""
        return Response(200, [("Content-Type", "application/json"), ("X-Seen", seen)], body.encode())

    def describe(self) -> dict[str, object]:
        return {"key": "k"}


class Site:
    """A running sandbox with one stand-in, and clients for it."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.said = box.describe()

    def call(self, body: str = "", method: str = "POST", path: str = "/op") -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection(self._host("kingdee"), timeout=10)) as line:
            line.request(method, path, body.encode())
            answer = line.getresponse()
            return answer.status, answer.read()

    def rows(self) -> list[int]:
        found: list[int] = json.loads(self.call()[1])["rows"]
        return found

    def arm(self, fault: str, **args: Any) -> None:
        self.control("/_chaos", [{"system": "kingdee", "fault": fault, "args": args}])

    def control(self, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.said["control_url"] + path, content)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def refused(self, path: str, body: Any) -> str:
        with pytest.raises(urllib.error.HTTPError) as error:
            self.control(path, body)
        with error.value as answer:
            assert answer.code == 400
            return str(json.loads(answer.read())["error"])

    def writes(self) -> list[str]:
        return [effect["key"] for effect in self.control("/_effects")]

    def _host(self, system: str) -> str:
        return str(self.said[system]["base_url"].split("/")[2])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    world = small_world(tmp_path)
    with start_sandbox(world, {"kingdee": Echo(world)}) as box:
        yield Site(box)


def test_the_description_is_what_clients_need(site: Site):
    assert site.said["kingdee"]["base_url"].startswith("http://127.0.0.1:")
    assert site.said["kingdee"]["base_url"].endswith("/k3cloud/")
    assert site.said["kingdee"]["key"] == "k"
    assert list(site.said) == ["kingdee", "hr", "control_url"]
    assert json.loads(json.dumps(site.said)) == site.said


def test_both_addresses_of_dingtalk_are_one_port(tmp_path: Path):
    world = small_world(tmp_path)
    with start_sandbox(world, {"dingtalk": Echo(world)}) as box:
        said = box.describe()["dingtalk"]
        assert said["base_url"] == said["legacy_base_url"]


def test_what_stood_on_the_wire_reaches_the_stand_in(site: Site):
    with closing(http.client.HTTPConnection(site._host("kingdee"), timeout=10)) as line:
        for n in range(3):  # one connection, kept
            line.request("PUT", "/a%20b/?x=%31", f"数{n}".encode(), {"X-Sent": "yes"})
            answer = line.getresponse()
            assert answer.headers["X-Seen"] == "yes"
            assert json.loads(answer.read())["asked"] == ["PUT", "/a%20b/", "x=%31", f"数{n}"]


def test_a_body_in_chunks_is_read(site: Site):
    with closing(http.client.HTTPConnection(site._host("kingdee"), timeout=10)) as line:
        line.request("POST", "/op", iter([b"one", b"two"]), encode_chunked=True)
        assert json.loads(line.getresponse().read())["asked"][3] == "onetwo"


def test_many_clients_are_served_at_a_time(site: Site):
    threads = [threading.Thread(target=site.call, args=(f"w{n}",)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(site.writes()) == sorted(f"w{n}" for n in range(16))


def test_a_status_is_answered_instead_and_nothing_is_applied(site: Site):
    site.arm("status", status=429, headers={"Retry-After": "1"}, body={"code": "slow"})
    with closing(http.client.HTTPConnection(site._host("kingdee"), timeout=10)) as line:
        line.request("POST", "/op", b"w")
        answer = line.getresponse()
        assert (answer.status, answer.headers["Retry-After"], answer.read()) == (429, "1", b'{"code":"slow"}')
    assert site.writes() == []
    assert site.call("w")[0] == 200


@pytest.mark.parametrize(("fault", "landed"), [("timeout_before", []), ("timeout_after", ["w"])])
def test_a_timeout_closes_without_a_word_and_applies_as_its_name_says(site: Site, fault: str, landed: list[str]):
    site.arm(fault, seconds=0.05)
    with pytest.raises(http.client.RemoteDisconnected):
        site.call("w")
    assert site.writes() == landed


def test_a_client_gives_up_before_a_silent_server_and_closing_does_not_wait_for_it(site: Site):
    site.arm("timeout_after")
    with closing(http.client.HTTPConnection(site._host("kingdee"), timeout=0.1)) as line:
        line.request("POST", "/op", b"w")
        with pytest.raises(TimeoutError):
            line.getresponse()
    assert site.writes() == ["w"]
    site.box.close()


def test_a_cut_answer_ends_early_and_a_clean_cut_says_it_is_whole(site: Site):
    site.arm("truncate", at_byte=7)
    with pytest.raises(http.client.IncompleteRead) as error:
        site.call("w")
    assert error.value.partial == b'{"asked'
    site.arm("truncate", at_byte=7, clean=True)
    assert site.call("w")[1] == b'{"asked'


def test_a_page_comes_twice(site: Site):
    site.arm("duplicate_page")
    answers = [site.call(json.dumps({"nextToken": n}))[1] for n in range(3)]
    assert answers[0] == answers[1] != answers[2]


def test_rows_are_dropped_and_pages_capped(site: Site):
    site.arm("drop_row", row=2)
    assert site.rows() == [0, 1, 3, 4, 5, 6, 7, 8, 9]
    site.arm("drop_row", row=-1)
    assert site.rows() == list(range(9))
    site.arm("cap_page", limit=3)
    assert site.rows() == [0, 1, 2]
    site.arm("cap_page", limit=0)
    assert site.rows() == []


def test_a_login_page_and_a_plain_refusal_come_with_status_200(site: Site):
    site.arm("login_page")
    status, body = site.call("w")
    assert (status, body[:15]) == (200, b"<!DOCTYPE html>")
    site.arm("error_200", errcode=88, message="busy")
    assert site.call("w") == (200, b'{"errcode":88,"errmsg":"busy"}')
    site.arm("error_200", body=[1])
    assert site.call("w") == (200, b"[1]")
    assert site.writes() == []


def test_a_lost_session_without_a_stand_ins_own_words_is_a_401(site: Site):
    site.arm("lose_session")
    assert site.call("w")[0] == 401


def test_a_late_write_lands_when_the_worlds_time_has_come(site: Site):
    site.arm("late_land", seconds=60)
    with pytest.raises(http.client.RemoteDisconnected):
        site.call("w")
    assert site.writes() == []
    site.control("/_clock", {"advance_s": 61})
    assert site.writes() == ["w"]


def test_a_late_write_lands_by_the_wall_clock_though_nobody_asks(site: Site):
    landed = threading.Event()
    record: Callable[..., None] = site.box.world.record

    def recorded(*effect: Any) -> None:
        record(*effect)
        landed.set()

    site.box.world.record = recorded  # type: ignore[method-assign]
    site.arm("late_land", seconds=0.05)
    with pytest.raises(http.client.RemoteDisconnected):
        site.call("w")
    assert landed.wait(10)
    assert site.writes() == ["w"]


def test_a_wrong_chaos_list_is_a_400_that_names_what_is_known(site: Site):
    said = site.refused("/_chaos", [{"fault": "explode"}])
    assert "explode" in said and "late_land" in said


def test_chaos_can_be_looked_at(site: Site):
    site.arm("cap_page", limit=1)
    site.rows()
    assert [(rule["fault"], rule["fired"]) for rule in site.control("/_chaos")] == [("cap_page", 1)]


def test_the_world_is_changed_and_shown(site: Site):
    changes = [
        {"table": "loans", "put": {"number": "L1", "principal": 5}},
        {"table": "exits", "put": {"number": "LZ1", "employee": "E1", "status": "running"}},
        {"table": "loans", "delete": "L2"},
    ]
    assert site.control("/_world", changes)["changed"] == 3
    assert {row["number"]: row["principal"] for row in site.control("/_world/loans")}["L1"] == "5"
    assert "L2" not in {row["number"] for row in site.control("/_world/loans")}
    assert site.control("/_world/exits")[0]["employee"] == "E1"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"table": "lones", "put": {}}, "lones"),
        ({"table": "loans", "put": {"number": "L1", "principal": "a lot"}}, "column principal"),
        ({"table": "loans", "put": {"employee": "E1"}}, "needs number"),
        ({"table": "loans", "push": {}}, "expected table and put"),
        ({"table": "loans", "put": 3}, "put is 3"),
    ],
)
def test_a_wrong_change_is_a_400_and_none_of_the_list_is_done(site: Site, change: Any, wrong: str):
    before = site.control("/_world/loans")
    assert wrong in site.refused("/_world", [{"table": "loans", "delete": "L1"}, change])
    assert site.control("/_world/loans") == before


def test_a_clock_that_is_told_nonsense_is_a_400(site: Site):
    assert "advance_s" in site.refused("/_clock", {"advance": 5})
    assert "goes on only" in site.refused("/_clock", {"advance_s": -5})
    assert site.control("/_clock", {"advance_s": 86_400})["today"] == "2026-08-01"


def test_an_unknown_control_address_is_a_404(site: Site):
    with pytest.raises(urllib.error.HTTPError) as error:
        site.control("/_wrld", [])
    with error.value:
        assert error.value.code == 404


def hr_numbers(said: dict[str, Any]) -> list[str]:
    path = said["hr"]["url"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
        return [number for (number,) in base.execute("SELECT number FROM employees ORDER BY rowid")]


def test_the_hr_store_follows_the_world(site: Site):
    assert hr_numbers(site.said) == ["E1", "E2", "E3", "E4"]
    site.box.world.put("employees", employee("E5"))
    site.control("/_world", [{"table": "employees", "delete": "E1"}])
    assert hr_numbers(site.said) == ["E2", "E3", "E4", "E5"]
    path = site.said["hr"]["url"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as base:
        found = base.execute("SELECT name, mobile, last_day FROM employees WHERE number = 'E4'").fetchall()
    assert found == [("Carl", "13800000000", None)]


def test_the_hr_store_tells_less_until_chaos_is_cleared(site: Site):
    capped = {"system": "hr", "fault": "cap_page", "args": {"limit": 3}}
    site.control("/_chaos", [capped, {"system": "hr", "fault": "drop_row"}])
    assert hr_numbers(site.said) == ["E2", "E3"]
    site.control("/_chaos", [])
    assert len(hr_numbers(site.said)) == 4


def test_an_hr_store_of_the_callers_is_only_named(tmp_path: Path):
    world = small_world(tmp_path)
    with start_sandbox(world, {}, hr_url="postgresql://db/hr") as box:
        world.put("employees", employee("E5"))
        assert box.describe()["hr"] == {"url": "postgresql://db/hr"}


def test_ports_count_up_from_the_base_and_a_taken_one_is_named(tmp_path: Path):
    world = small_world(tmp_path)
    with start_sandbox(world, {}) as free:
        taken = int(free.describe()["control_url"].rsplit(":", 1)[1])
        with pytest.raises(UsageError, match="port-base"):
            start_sandbox(world, {}, port_base=taken)
    with start_sandbox(world, {}, port_base=taken) as box:
        assert box.describe()["control_url"].endswith(f":{taken}")


def test_chaos_given_at_the_start_is_armed(tmp_path: Path):
    world = small_world(tmp_path)
    with start_sandbox(world, {"kingdee": Echo(world)}, chaos=[{"fault": "status", "args": {"status": 503}}]) as box:
        statuses = Counter(Site(box).call()[0] for _ in range(2))
    assert statuses == {503: 1, 200: 1}
