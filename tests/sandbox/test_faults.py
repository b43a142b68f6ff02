"""Chaos rules: how they are read, what they match, when they are due."""

from typing import Any

import orjson
import pytest

from connector.sandbox.faults import Chaos, FaultError, forms_of, read_rules
from connector.sandbox.http import Headers, Request, Response
from connector.sandbox.pages import list_of

SERVICES = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."


def kingdee(op: str, body: bytes = b"{}") -> Request:
    return Request("POST", f"{SERVICES}{op}.common.kdsvc", body=body)


def fired(chaos: Chaos, *requests: Request, system: str = "kingdee") -> list[bool]:
    return [chaos.take(system, request) is not None for request in requests]


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ({"fault": "explode"}, "unknown fault explode"),
        ({}, "unknown fault None"),
        ({"fault": "status", "sytem": "hr"}, "unknown key sytem"),
        ({"fault": "status", "system": "sap"}, "unknown system sap"),
        ({"fault": "status", "args": {"limit": 3}}, "unknown arg of status limit"),
        ({"fault": "cap_page", "args": {"limit": "3"}}, "args.limit is '3', expected a number"),
        ({"fault": "status", "after": "soon"}, "after is 'soon'"),
        ({"fault": "status", "args": 3}, "args is 3, expected an object"),
        ({"fault": "status", "system": "hr"}, "unknown fault of the HR store status"),
        ("status", "expected an object"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(rule: Any, wrong: str):
    with pytest.raises(FaultError, match=wrong):
        read_rules([{"fault": "login_page"}, rule])


def test_a_list_that_is_refused_leaves_the_old_one_armed():
    chaos = Chaos([{"fault": "status"}])
    with pytest.raises(FaultError):
        chaos.arm({"fault": "status"})
    assert len(chaos.describe()) == 1
    assert chaos.arm([]) == 0
    assert fired(chaos, kingdee("Save")) == [False]


def test_after_lets_requests_pass_and_times_counts_the_faults():
    chaos = Chaos([{"fault": "status", "after": 1, "times": 2}])
    assert fired(chaos, *[kingdee("Save")] * 5) == [False, True, True, False, False]
    assert [chaos.describe()[0][name] for name in ("seen", "fired")] == [5, 2]


@pytest.mark.parametrize("times", [None, 0, -1])
def test_no_times_means_for_ever(times: object):
    assert all(fired(Chaos([{"fault": "status", "times": times}]), *[kingdee("Save")] * 50))


def test_a_kingdee_service_is_compared_whole_and_a_path_by_a_part():
    chaos = Chaos([{"fault": "status", "op": "save", "times": 0}])
    assert fired(chaos, kingdee("Save"), kingdee("BatchSave"), kingdee("SAVE")) == [True, False, True]
    chaos.arm([{"fault": "status", "op": "instanceids/QUERY"}])
    path = "/v1.0/workflow/processes/instanceIds/query"
    assert fired(chaos, Request("POST", "/gettoken"), Request("POST", path), system="dingtalk") == [False, True]


def test_a_rule_of_one_system_leaves_the_other_alone():
    chaos = Chaos([{"fault": "status", "system": "dingtalk", "times": 0}])
    assert fired(chaos, kingdee("Save")) == [False]
    assert fired(chaos, kingdee("Save"), system="dingtalk") == [True]


@pytest.mark.parametrize(
    "body",
    [
        b'{"formid":"BD_Empinfo","data":{}}',
        b'{"FormId":"BD_Empinfo"}',
        b'{"data":{"FormId":"BD_Empinfo"}}',
        b'{"data":"{\\"FormId\\":\\"BD_Empinfo\\"}"}',
        b'{"parameters":["BD_Empinfo","{}"]}',
        b'{"parameters":[{"FormId":"BD_Empinfo"}]}',
        b'{"parameters":"[\\"{\\\\\\"FormId\\\\\\":\\\\\\"BD_Empinfo\\\\\\"}\\"]"}',
    ],
)
def test_the_form_is_found_in_every_shape_of_body(body: bytes):
    chaos = Chaos([{"fault": "status", "form": "bd_empinfo"}])
    assert fired(chaos, kingdee("Save", b'{"formid":"AP_PAYBILL"}'), kingdee("Save", body)) == [False, True]


def test_a_form_that_stands_in_a_filter_only_is_not_the_form():
    body = b'{"data":{"FormId":"AR_OtherRecAble","FilterString":"FCONTACTUNITTYPE=\'BD_Empinfo\'"}}'
    assert forms_of(kingdee("ExecuteBillQuery", body)) == {"AR_OtherRecAble"}


def test_the_form_is_found_in_a_query_text_and_in_a_form_body():
    assert forms_of(Request("GET", "/x", query="processCode=PROC-EXIT")) == {"PROC-EXIT"}
    kind = Headers({"content-type": "application/x-www-form-urlencoded"})
    body = b"data=%7B%22FormId%22%3A+%22BD_Empinfo%22%7D"
    assert forms_of(Request("POST", "/x", headers=kind, body=body)) == {"BD_Empinfo"}


def test_the_first_rule_that_is_due_wins_and_the_others_count_on():
    chaos = Chaos([{"fault": "status"}, {"fault": "truncate", "after": 1}])
    rules = [chaos.take("kingdee", kingdee("Save")) for _ in range(3)]
    assert [rule and rule.fault for rule in rules] == ["status", "truncate", None]


def asked(form: str = "A", fields: str = "FID", where: str = "", last: int = 0, start: int = 0) -> Request:
    bound = f"FID > {last} and FID <= 99"
    where = f"({where}) and ({bound})" if where else bound
    data = {"FormId": form, "FieldKeys": fields, "FilterString": where, "StartRow": start, "Limit": 2000}
    return kingdee("ExecuteBillQuery", orjson.dumps({"data": data}))


@pytest.mark.parametrize("next_page", [asked(last=7), asked(start=2000), asked()])
def test_a_page_of_the_same_list_is_repeated(next_page: Request):
    chaos, page = Chaos([{"fault": "duplicate_page"}]), Response(200, [], b"[1]")
    assert chaos.take("kingdee", asked()) is None
    chaos.remember("kingdee", asked(), page)
    rule = chaos.take("kingdee", next_page)
    assert rule is not None and rule.page_before(next_page) == page
    assert chaos.take("kingdee", next_page) is None  # once


@pytest.mark.parametrize("other", [
    asked(form="B"), asked(fields="FID,FBillNo"), asked(where="FCONTACTUNIT.FNumber='1004'"),
    kingdee("Save", b'{"data":{"FormId":"A"}}'), Request("GET", "/v1.0/x", query="processCode=A"),
])
def test_a_page_of_another_list_is_never_shown_in_its_place(other: Request):
    chaos = Chaos([{"fault": "duplicate_page", "times": 0}])
    chaos.remember("kingdee", asked(), Response(200, [], b"[1]"))
    assert chaos.take("kingdee", other) is None


def test_lists_that_are_read_in_turns_keep_a_page_each():
    chaos = Chaos([{"fault": "duplicate_page", "times": 0}])
    for form in ("A", "B"):
        chaos.remember("kingdee", asked(form), Response(200, [], form.encode()))
    rules = [(chaos.take("kingdee", asked(form, last=3)), asked(form, last=3)) for form in ("A", "B")]
    assert [rule.page_before(request).body for rule, request in rules if rule] == [b"A", b"B"]


@pytest.mark.parametrize("packed", [
    orjson.dumps({"data": orjson.dumps({"FormId": "A", "StartRow": 9}).decode()}),
    orjson.dumps({"parameters": [orjson.dumps({"FormId": "A", "StartRow": 0}).decode()]}),
])
def test_a_place_is_found_in_json_that_is_packed_into_a_text(packed: bytes):
    moved = packed.replace(b'StartRow\\":9', b'StartRow\\":4').replace(b'StartRow\\":0', b'StartRow\\":4')
    assert packed != moved
    assert list_of(kingdee("ExecuteBillQuery", packed)) == list_of(kingdee("ExecuteBillQuery", moved))
