"""Codes and facts become whole sentences, whatever is missing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connector.i18n import LANGUAGES, catalog
from connector.i18n.sentences import (
    action_phrase,
    action_sentence,
    cause_text,
    day_text,
    finding_sentence,
    mark_text,
    money_text,
    owed_text,
    person_text,
    reject_sentence,
    todo_texts,
    trouble_sentence,
    trouble_todo,
)

HOLD = {"balances": {"CNY": "28000.00", "USD": "5.50"}, "loans": 2, "state": "held"}


def finding(rule: str, facts: dict[str, Any], verdict: str = "hit") -> dict[str, Any]:
    return {"rule": rule, "verdict": verdict, "facts": facts}


def action(verb: str, kind: str, after: Any = None, before: Any = None) -> dict[str, Any]:
    return {
        "verb": verb, "target": "x", "kind": kind, "ref": "R1", "employee": "E7", "before": before, "after": after,
        "because": [],
    }


def test_money_has_thousands_and_its_currency() -> None:
    assert money_text("28000.00", "CNY", "zh_CN") == "28,000.00 元"
    assert money_text("28000.00", "CNY", "en") == "CNY 28,000.00"
    assert money_text("1500", "JPY", "zh_CN") == "1,500 JPY"
    assert money_text("-0.05", "USD", "en") == "USD -0.05"


def test_what_is_not_a_number_is_shown_as_it_is() -> None:
    assert money_text("n/a", "CNY", "en") == "CNY n/a"


def test_a_large_amount_keeps_every_digit() -> None:
    assert money_text("99999999999.99", "CNY", "en") == "CNY 99,999,999,999.99"


def test_owed_is_read_from_a_mapping_and_from_text() -> None:
    assert owed_text({"CNY": "28000.00", "USD": "5.50"}, "zh_CN") == "28,000.00 元、5.50 USD"
    assert owed_text("28000.00 CNY, 5.50 USD", "en") == "CNY 28,000.00, USD 5.50"


def test_a_day_is_written_as_people_write_it() -> None:
    assert day_text(date(2026, 7, 31), "zh_CN") == "2026年7月31日"
    assert day_text(date(2026, 7, 31), "en") == "31 July 2026"


def test_a_person_without_a_known_name_is_a_number() -> None:
    assert person_text("E7", {"E7": "张伟"}, "zh_CN") == "张伟（E7）"
    assert person_text("E8", {"E7": "张伟"}, "zh_CN") == "E8"


def test_a_finding_becomes_a_sentence() -> None:
    found = finding("loan.overdue", {
        "balance": "28000.00", "currency": "CNY", "due_on": "2026-05-15", "days_overdue": 77,
    })
    assert finding_sentence(found, "zh_CN") == "到期日 2026-05-15，已逾期 77 天，未还 28,000.00 元。"
    assert finding_sentence(found, "en") == "Due on 2026-05-15, 77 day(s) overdue, CNY 28,000.00 still open."


def test_the_limit_of_a_trip_is_its_days_times_the_rate() -> None:
    found = finding("loan.over_trip_limit", {
        "principal": "5000.00", "currency": "CNY", "trip_days": 4, "trip_rate": "300.00",
    })
    assert finding_sentence(found, "zh_CN") == "借款 5,000.00 元，出差 4 天，额度 1,200.00 元。"


@pytest.mark.parametrize(("facts", "part"), [
    ({"approval": None}, "没有找到已完成的审批"),
    ({"approval": "SP1", "is_approved": False}, "审批 SP1 还没有完成"),
    ({"approval": "SP1", "is_approved": True, "approved_on": "2026-05-22"}, "到 2026-05-22 才完成"),
    ({"approval": "SP1", "approved_on": "2026-05-01", "steps_missing": 1}, "缺少规定的步骤（1 步）"),
    ({"approval": "SP1", "is_approved": True, "steps_missing": 0, "steps_in_order": False}, "步骤顺序不符合规定"),
])
def test_a_missing_approval_says_what_is_wrong_with_it(facts: dict[str, Any], part: str) -> None:
    loan = {"principal": "100.00", "currency": "CNY", "lent_on": "2026-05-20"}
    assert part in finding_sentence(finding("loan.without_approval", loan | facts), "zh_CN")


def test_an_employee_with_foreign_debts_has_no_sum_and_still_a_whole_sentence() -> None:
    found = finding("exit.left_with_loan", {"balance": None, "open_loans": 2, "last_day": "2026-04-30"})
    assert finding_sentence(found, "zh_CN") == "已经离职，还有借款没有还清，共 2 笔。"


def test_an_unknown_verdict_says_why() -> None:
    found = finding("loan.over_salary_share", {"balance": None}, "unknown")
    assert finding_sentence(found, "zh_CN") == "月工资或借款余额读不到，无法判断占比。"


def test_an_unproven_exit_names_its_reason() -> None:
    found = finding("exit.unproven", {"reason": "ledger_incomplete"})
    assert finding_sentence(found, "zh_CN") == "不能证明名下没有借款：借款数据没有读完整。查清之前不放行。"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", sorted(
    key.split(".title")[0].removeprefix("rule.") for key in catalog("en") if key.startswith("rule.")
    and key.endswith(".title")
))
def test_without_any_fact_a_sentence_still_has_no_gap(rule: str, language: str) -> None:
    for verdict in ("hit", "unknown"):
        said = finding_sentence(finding(rule, {}, verdict), language)
        assert said
        assert "{" not in said
        assert "?" not in said
        assert "None" not in said


def test_a_rule_of_the_company_without_text_shows_its_code() -> None:
    assert finding_sentence(finding("own.rule", {"balance": "1.00"}), "zh_CN") == "own.rule"


def test_braces_in_a_fact_stay_text() -> None:
    found = finding("identity.unlinked", {"number": "{0.__class__}", "name": "{x}"})
    assert "{0.__class__} {x}" in finding_sentence(found, "zh_CN")


def test_a_flag_that_changes_says_from_what_to_what() -> None:
    change = action("replace", "risk_flag", {"codes": ["exit.open_loan", "loan.overdue"], "level": "critical"},
                    {"codes": ["loan.overdue"], "level": "warning"})
    assert action_sentence(change, {"E7": "张伟"}, "zh_CN") == (
        "张伟（E7）：修改风险标记：由「借款逾期（提醒）」改为「正在离职，借款未结清、借款逾期（严重）」。"
    )


def test_a_release_is_said_in_words() -> None:
    assert action_sentence(action("remove", "exit_hold", before={"gate": "open"}), {}, "zh_CN") == "E7：放行离职审批。"
    assert action_phrase(action("remove", "exit_hold"), "en") == "release the leaving approval"


def test_a_kind_without_a_phrase_of_its_own_is_named_by_verb_and_kind() -> None:
    assert action_phrase(action("put", "enrichment", {"level": "info"}), "zh_CN") == "写入 辅助信息：级别 信息"


def test_the_comment_of_a_hold_names_amounts_loans_and_who_decides() -> None:
    said = mark_text(action("put", "exit_hold", HOLD), "zh_CN")
    assert said.startswith("借款未结清：未还 28,000.00 元、5.50 USD，共 2 笔。财务确认结清前，本节点不通过。")
    assert "离职证明" in said


def test_a_settled_hold_waits_for_finance() -> None:
    said = mark_text(action("replace", "exit_hold", {"balances": {}, "loans": 0, "state": "settled"}), "zh_CN")
    assert said == "借款账面余额已为 0，等待财务确认。确认后本节点自动通过。"


def test_a_release_has_a_remark_and_a_removed_flag_is_an_empty_field() -> None:
    assert mark_text(action("remove", "exit_hold"), "zh_CN") == "经核对，名下借款余额为 0，同意。"
    assert mark_text(action("remove", "risk_flag"), "zh_CN") == ""


def test_a_flag_carries_titles_and_level() -> None:
    flag = action("put", "risk_flag", {"codes": ["loan.overdue", "exit.left_with_loan"], "level": "critical"})
    assert mark_text(flag, "zh_CN") == "借款风险（严重）：已离职，借款未还清、借款逾期"
    assert mark_text(flag, "en") == "Loan risk (Critical): Left with an open loan, Loan overdue"


BRIEF = {
    "position": "销售代表", "hired_on": "2024-03-01", "months_below": 2, "open_loans": 1,
    "balances": {"CNY": "28000.00"},
    "loans": 3, "asked": "6000.00", "currency": "CNY", "limit": "4500.00", "share": "gt_200",
    "codes": ["loan.overdue"],
}


def test_a_brief_tells_approvers_what_they_should_know_of_the_applicant() -> None:
    assert mark_text(action("put", "brief", BRIEF), "zh_CN") == (
        "申请人情况：岗位 销售代表，入职日期 2024-03-01；连续未达标月数 2；"
        "未还借款笔数 1，余额 28,000.00 元；累计借款笔数 3；"
        "本次申请 6,000.00 元，出差借款额度 4,500.00 元；借款占月工资 超过 200 %；风险提示 借款逾期。"
    )
    assert "asked for now CNY 6,000.00, trip limit CNY 4,500.00" in mark_text(action("put", "brief", BRIEF), "en")


@pytest.mark.parametrize("name", sorted(set(BRIEF) - {"currency"}))
def test_a_brief_says_of_what_is_unknown_that_it_is(name: str) -> None:
    said = mark_text(action("put", "brief", BRIEF | {name: None}), "zh_CN")
    assert said.count("未知") == 1


def test_a_brief_says_none_where_nothing_is_owed_or_found_and_never_a_salary() -> None:
    bare = BRIEF | {"balances": {}, "codes": [], "limit": "", "monthly_salary": "9137.00"}
    said = mark_text(action("put", "brief", bare), "zh_CN")
    assert "余额 无" in said and "风险提示 无" in said and "出差借款额度 无" in said and "9137" not in said


def test_a_todo_has_a_subject_and_a_description() -> None:
    wish = action("put", "todo", {"exit": "LZ-14"})
    subject, description = todo_texts(wish, "zh_CN")
    assert subject == "离职前请结清借款（LZ-14）"
    assert mark_text(wish, "zh_CN") == f"{subject}\n{description}"
    assert todo_texts(action("put", "todo", {}), "zh_CN")[0] == "离职前请结清借款"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_content_gives_the_same_text_every_time(language: str) -> None:
    turned = {"state": "held", "loans": 2, "balances": {"USD": "5.50", "CNY": "28000.00"}}
    assert mark_text(action("put", "exit_hold", HOLD), language) == mark_text(
        action("put", "exit_hold", turned), language
    )


def test_a_trouble_shows_its_codes_as_words() -> None:
    facts = {"system": "kingdee", "stream": "open_item", "cause": "count_differs"}
    assert trouble_sentence("stream_incomplete", facts, "zh_CN") == (
        "金蝶的「未核销借款」没有读完整：行数与来源报告的不一致。"
    )
    assert "connector doctor" in trouble_todo("stream_incomplete", "zh_CN")


def test_a_cause_keeps_its_detail() -> None:
    facts = {"system": "kingdee", "stream": "open_item", "cause": "count_differs: 4 of 5"}
    assert "（4 of 5）" in trouble_sentence("stream_incomplete", facts, "zh_CN")
    assert cause_text("odd_code: x", "zh_CN") == "odd_code: x"
    assert cause_text("shrunk", "en") == "far fewer records than before"


def test_rules_are_named_by_title_as_a_list_and_as_text() -> None:
    assert trouble_sentence("rules_blind", {"rules": "loan.overdue, exit.open_loan"}, "zh_CN") == (
        "以下规则所需的数据不完整，只保留确定的结果：正在离职，借款未结清、借款逾期。"
    )


def test_a_vanished_record_is_named_by_its_subject() -> None:
    gone = finding("identity.vanished", {"balance": "5.00", "currency": "CNY"}) | {"subject": "JK-1"}
    assert finding_sentence(gone, "zh_CN").startswith("「JK-1」以前读得到")


def test_candidates_that_are_not_known_leave_no_gap() -> None:
    disputed = finding("identity.disputed", {"number": "E9", "candidates": []})
    assert finding_sentence(disputed, "zh_CN") == "「E9」与人事系统的姓名或工号对不上，无法确定是哪一位。"


def test_an_unknown_trouble_shows_itself_and_its_facts() -> None:
    assert trouble_sentence("new_thing", {"count": 3}, "zh_CN") == "new_thing count=3"
    assert trouble_todo("new_thing", "zh_CN") == ""


def test_a_fact_with_the_name_of_an_argument_does_no_harm() -> None:
    assert "3" in trouble_sentence("rejects", {"count": 3, "code": "x", "language": "y"}, "zh_CN")


def test_a_reject_says_field_found_and_expected() -> None:
    reject = {"reason": "unreadable", "field": "hired_on", "found": "31/02/2020", "expected": "date"}
    assert reject_sentence(reject, "zh_CN") == "「入职日期」读不懂：内容是「31/02/2020」，应为日期。"


def test_a_reject_of_an_unknown_reason_shows_what_was_found() -> None:
    assert reject_sentence({"reason": "files.reject.odd", "found": "line 3"}, "zh_CN") == "line 3"
    assert reject_sentence({"reason": "files.reject.odd"}, "zh_CN") == "files.reject.odd"
