"""Flags and enrichment on the product's stand-in: written, read back, taken away, and never made twice."""

from dataclasses import replace

import pytest

from connector.adapters.kingdee_cloud import wire
from connector.errors import UsageError
from connector.model.plan import Action, digest
from tests.adapters.kingdee_cloud.sites import CONTENT, Site, flag


def test_a_flag_is_put_read_back_replaced_and_removed(site: Site) -> None:
    adapter, other = site.connect(), site.connect(auth="password")
    ref = site.world.rows("employees")[0]["number"]
    assert adapter.observe("risk_flag", None).height == 0
    assert adapter.push(flag("put", ref), "欠款 28,000.00 元").outcome == "landed"
    seen = other.observe("risk_flag", None).row(0, named=True)
    assert (seen["ref"], seen["digest"]) == (ref, digest(CONTENT))
    assert adapter.push(flag("replace", ref), "欠款 1.00 元").outcome == "landed"
    assert other.observe("risk_flag", [ref]).height == 1
    assert adapter.push(flag("remove", ref), "").outcome == "landed"
    assert other.observe("risk_flag", None).height == 0
    assert other.observe("risk_flag", [ref]).height == 0


def test_a_flag_of_nobody_is_refused(site: Site) -> None:
    assert site.connect().push(flag("put", "nobody"), "").outcome == "refused"


@pytest.mark.parametrize("fault", ["timeout_after", "truncate", "late_land"])
def test_a_save_without_a_readable_answer_is_unknown_and_sent_once(site: Site, fault: str) -> None:
    adapter, ref = site.connect(), site.world.rows("employees")[0]["number"]
    args = {"timeout_after": {"seconds": 0.01}, "truncate": {"at_byte": 5}, "late_land": {"seconds": 0.01}}
    site.chaos({"op": "Save", "fault": fault, "args": args[fault]})
    assert adapter.push(flag("put", ref), "").outcome == "unknown"


def test_an_edit_lock_is_waited_for(site: Site) -> None:
    adapter, ref = site.connect(), site.world.rows("employees")[0]["number"]
    lock = {"msg_code": 13, "message": "业务操作-“员工-修改”冲突，请稍候再使用。"}
    site.chaos({"op": "Save", "fault": "error_200", "times": 2, "args": lock})
    assert adapter.push(flag("put", ref), "").outcome == "landed"


def test_a_missing_field_is_named_by_the_check(site: Site) -> None:
    found = site.connect(flags={"flag": "F_ABCD_RiskFlag"}).check()[-1]
    assert (found.stage, found.found) == ("fields", "BD_Empinfo: F_ABCD_RiskFlag (check box)")


OWN = {"form": "PAEZ_LoanRisk", "employee": "F_PAEZ_Employee"}


ENRICHMENT = {
    "status": "F_PAEZ_HrStatus", "hired_on": "F_PAEZ_HiredOn", "last_day": "F_PAEZ_LastDay",
    "department": "F_PAEZ_HrDepartment", "position": "F_PAEZ_HrPosition", "open_loans": "F_PAEZ_OpenLoans",
    "oldest_open_on": "F_PAEZ_OldestLoan",
}


def records(site: Site, form: str) -> list[str]:
    """Numbers of the records of a form, as a client of its own sees them."""
    query = wire.Query(form, ("FBillNo",))
    return site.connect()._session.rows(query)["FBillNo"].to_list()


def test_flags_may_stand_in_a_form_of_their_own(site: Site) -> None:
    adapter, ref = site.connect(flags=OWN), site.world.rows("employees")[0]["number"]
    assert adapter.check()[-1].passed
    for verb in ("put", "replace"):
        assert adapter.push(flag(verb, ref), "欠款").outcome == "landed"
    assert adapter.observe("risk_flag", None).select("ref", "digest").rows() == [(ref, digest(CONTENT))]
    assert adapter.push(flag("remove", ref), "").outcome == "landed"
    assert adapter.observe("risk_flag", None).height == 0
    assert records(site, OWN["form"]) == [ref]
    assert site.connect().observe("risk_flag", None).height == 0  # nothing was written on the employee


@pytest.mark.parametrize("fault", ["timeout_after", "truncate", "timeout_before", "late_land"])
def test_a_record_whose_answer_was_lost_is_not_made_twice(site: Site, fault: str) -> None:
    adapter, ref = site.connect(flags=OWN), site.world.rows("employees")[0]["number"]
    args = {"truncate": {"at_byte": 5}, "late_land": {"seconds": 5}}.get(fault, {"seconds": 0.01})
    site.chaos({"op": "Save", "fault": fault, "args": args})
    assert adapter.push(flag("put", ref), "欠款").outcome == "unknown"
    assert adapter.push(flag("put", ref), "欠款").outcome == "landed"
    site.tell("/_clock", {"advance_s": 6})  # what was late has landed by now
    assert records(site, OWN["form"]) == [ref]
    assert adapter.observe("risk_flag", [ref])["digest"].to_list() == [digest(CONTENT)]


def test_making_a_record_is_said_to_be_no_repeat_safe_write(site: Site) -> None:
    sinks = [site.connect(**changes).manifest.sink("risk_flag") for changes in ({}, {"flags": OWN})]
    assert [sink.write for sink in sinks if sink] == ["upsert", "append"]


def test_a_field_that_a_form_of_flags_lacks_is_named_by_the_check(site: Site) -> None:
    found = site.connect(flags=OWN | {"codes": "F_ABCD_Codes", "number": "FNumber"}).check()[-1]
    assert (found.stage, found.found) == ("fields", "PAEZ_LoanRisk: FNumber; PAEZ_LoanRisk: F_ABCD_Codes (text)")
    assert site.connect(flags=OWN | {"form": "PAEZ_Nothing"}).check()[-1].stage == "permission"


def test_what_hr_knows_stands_on_finances_record_of_the_employee(site: Site) -> None:
    adapter, ref = site.connect(enrichment=ENRICHMENT), site.world.rows("employees")[0]["number"]
    content = {"status": "leaving", "hired_on": "2020-01-05", "last_day": None, "department": "销售部",
               "position": "经理", "open_loans": 0, "oldest_open_on": None}
    sink = adapter.manifest.sink("enrichment")
    assert adapter.check()[-1].passed and sink is not None and set(sink.keys) == set(content)
    put = Action("put", "kingdee", "enrichment", ref, ref, None, content)
    assert adapter.push(put, "").outcome == "landed"
    assert adapter.observe("enrichment", None).select("ref", "digest").rows() == [(ref, digest(content))]
    assert adapter.observe("risk_flag", None).height == 0
    assert adapter.push(replace(put, verb="remove", after=None), "").outcome == "landed"
    assert adapter.observe("enrichment", [ref]).height == 0


def test_without_fields_of_its_own_there_is_no_enrichment(site: Site) -> None:
    adapter = site.connect()
    assert adapter.manifest.sink("enrichment") is None
    with pytest.raises(UsageError):
        adapter.observe("enrichment", None)


def test_a_missing_field_of_the_enrichment_is_named_by_the_check(site: Site) -> None:
    found = site.connect(enrichment={"last_day": "F_ABCD_Last", "status": "F_PAEZ_HrStatus"}).check()[-1]
    assert (found.stage, found.found) == ("fields", "BD_Empinfo: F_ABCD_Last (date)")
