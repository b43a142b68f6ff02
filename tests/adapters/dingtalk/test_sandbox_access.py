"""Who may call the DingTalk stand-in, how often, and what it tells of people."""

from __future__ import annotations

import pytest

from connector.sandbox.http import Request
from tests.dingtalk_client import IDS, Client, company


@pytest.fixture
def client() -> Client:
    return Client(company())


def test_a_wrong_secret_gets_no_token_on_either_host(client: Client):
    status, said = client.new(
        "POST", "/v1.0/oauth2/accessToken", {"appKey": client.own["app_key"], "appSecret": "x"}
    )
    assert (status, said["code"]) == (400, "invalidClientIdOrSecret")
    assert client.old("/gettoken", method="GET")["errcode"] == 40096


def test_a_token_that_was_never_given_out_is_refused_in_each_hosts_own_words(client: Client):
    status, said = client.new("GET", "/v1.0/workflow/processInstances", token="made-up")
    assert (status, said["code"]) == (401, "InvalidAuthentication")
    assert client.old("/topapi/v2/user/get", {"userid": "uE1"}, token="made-up")["errcode"] == 40014


def test_a_token_lives_7200_seconds_and_the_legacy_host_says_that_it_has_expired(client: Client):
    client.wall.at += 7199
    assert client.list_ids()[0] == 200
    client.wall.at += 1
    assert client.list_ids()[1]["code"] == "InvalidAuthentication"
    assert client.old("/topapi/v2/user/get", {"userid": "uE1"})["errcode"] == 42001


def test_the_same_token_is_given_out_again_while_it_has_a_while_to_live(client: Client):
    assert client.log_in() == client.token
    client.wall.at += 7000
    fresh = client.log_in()
    assert fresh != client.token
    assert client.list_ids()[0] == 200  # the old one lives on to its end


def test_a_lost_session_forgets_every_token(client: Client):
    lost = client.standin.lose_session(Request("POST", IDS))
    assert lost.status == 401
    assert client.list_ids()[0] == 401
    client.token = client.log_in()
    assert client.list_ids()[0] == 200


def test_the_21st_call_within_a_second_is_refused_and_the_next_second_is_free():
    client = Client(company(), rate_limits=True)
    assert [client.list_ids()[0] for _ in range(20)] == [200] * 20
    status, said = client.list_ids()
    assert (status, said["code"]) == (403, "Forbidden.AccessDenied.QpsLimitForApi")
    client.wall.at += 1
    assert client.list_ids()[0] == 200


def test_the_limit_counts_each_operation_by_itself():
    client = Client(company(), rate_limits=True)
    for _ in range(20):
        client.list_ids()
    assert client.old("/topapi/v2/user/get", {"userid": "uE1"})["errcode"] == 0


def test_calls_are_counted_by_day_and_month_of_the_world(client: Client):
    client.list_ids()
    client.world.advance(24 * 3600)
    client.list_ids()
    assert client.standin.calls == {"2026-07-31": 1, "2026-07": 1, "2026-08-01": 1, "2026-08": 1}


def test_what_is_no_operation_is_not_found(client: Client):
    assert client.new("GET", "/v1.0/nothing")[0] == 404
    assert client.old("/topapi/nothing")["errcode"] == 404


def test_a_body_that_is_no_json_object_is_refused(client: Client):
    assert client.new("POST", IDS, ["a list"])[1]["code"] == "invalidParameter.body"


def test_the_code_of_a_template_is_found_by_its_name(client: Client):
    path = "/v1.0/workflow/processCentres/schemaNames/processCodes"
    assert client.new("GET", path, query={"name": "离职申请"})[1]["result"]["processCode"] == "PROC-EXIT"
    assert client.new("GET", path, query={"name": "请假"})[0] == 400


def test_a_user_is_told_by_userid_unionid_and_mobile(client: Client):
    user = client.old("/topapi/v2/user/get", {"userid": "uE2"})["result"]
    assert (user["job_number"], user["name"], user["active"], user["manager_userid"]) == (
        "E2",
        "李四",
        True,
        "uE3",
    )
    found = client.old("/topapi/user/getbyunionid", {"unionid": user["unionid"]})["result"]
    assert found["userid"] == "uE2"
    assert client.old("/topapi/v2/user/getbymobile", {"mobile": "13900000002"})["result"]["userid"] == "uE2"
    assert client.old("/topapi/v2/user/get", {"userid": "svc_finance"})["result"]["job_number"] == ""


@pytest.mark.parametrize("userid", ["uE4", "uE9", "role:", ""])
def test_who_has_left_or_never_came_is_in_no_directory(client: Client, userid: str):
    assert client.old("/topapi/v2/user/get", {"userid": userid})["errcode"] in (60121, 40035)


def test_hr_tells_who_works_here_who_leaves_and_who_left(client: Client):
    on_job = "/topapi/smartwork/hrm/employee/queryonjob"
    assert client.old(on_job, {"status_list": "3", "offset": 0, "size": 50})["result"]["data_list"] == [
        "uE2",
        "uE3",
    ]
    first = client.old(on_job, {"status_list": "2,3,5,-1", "offset": 0, "size": 2})["result"]
    assert first == {"data_list": ["uE1", "uE2"], "next_cursor": 2}
    left = client.new("GET", "/v1.0/hrm/employees/dismissions", query={"nextToken": 0, "maxResults": 50})[1]
    assert left == {"userIdList": ["uE4"], "hasMore": False}
    rows = client.new("GET", "/v1.0/hrm/employees/dimissionInfos", query={"userIdList": '["uE1","uE4"]'})[1][
        "result"
    ]
    assert [(row["userId"], row["status"]) for row in rows] == [("uE1", 1), ("uE4", 2)]


def test_late_counts_of_a_month_add_up_over_its_days(client: Client):
    client.world.put(
        "attendance", {"employee": "E2", "month": "2026-06", "late_count": "34", "closed": "true"}
    )
    column = client.old("/topapi/attendance/getattcolumns", {})["result"]["columns"][0]
    assert column["name"] == "迟到次数"
    asked = {"userid": "uE2", "column_id_list": str(column["id"]), "from_date": "2026-06-01 00:00:00"}
    said = client.old("/topapi/attendance/getcolumnval", asked | {"to_date": "2026-06-30 23:59:59"})
    assert sum(int(day["value"]) for day in said["result"]["column_vals"][0]["column_vals"]) == 34
    assert (
        client.old("/topapi/attendance/getcolumnval", asked | {"to_date": "2026-07-30 00:00:00"})["errcode"]
        != 0
    )
