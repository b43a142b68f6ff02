"""The page: self-contained, true to the night, safe with any text, readable by everybody."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import pytest

from connector.i18n import LANGUAGES, catalog
from connector.model.runs import NightRecord, Trouble
from connector.reports.page import render_page

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onload='x", "{{ 7 * 7 }}", "</style><b>",
    "</svg><script>", "&lt;b&gt;", "javascript:alert(1)",
)
VOID = {"meta", "link", "img", "br", "hr", "input", "path", "circle", "rect", "line"}


class Reader(HTMLParser):
    """Collects the elements, their attributes and the visible text, and checks that tags are balanced."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))


def read(night: NightRecord, language: str = "zh_CN") -> Reader:
    return Reader(render_page(night, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_one_file_without_script_or_request(night: NightRecord, language: str) -> None:
    reader = read(night, language)
    assert reader.open == []
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use", "audio"}
    for _, attributes in reader.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "style", "srcset"}]
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"@import|url\((?!#)", render_page(night, language))


def test_its_policy_allows_nothing_but_its_own_style_sheet(night: NightRecord) -> None:
    page = render_page(night, "zh_CN")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(a["content"] for t, a in read(night).elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_first_screen_says_what_happened(night: NightRecord) -> None:
    text = read(night).text
    assert "1 名已离职员工还欠 6,800.00 元。" in text
    assert "1 个正在办理的离职，借款还没有结清。" in text
    assert "写入 3 · 修改 1 · 解除 1 · 暂缓 2" in text
    assert "■ 正式" in text
    assert "已确认 4 · 被拒绝 1" in text


def test_a_dry_run_says_so_with_shape_and_word(night_with: Callable[..., NightRecord]) -> None:
    text = read(night_with(mode="observe", outcomes=())).text
    assert "○ 预演" in text
    assert "没有向任何系统写入内容" in text


def test_debts_in_other_currencies_are_not_passed_over(night: NightRecord) -> None:
    assert "另有外币借款" not in read(night).text
    left = next(f for f in night.findings["findings"] if f["rule"] == "exit.left_with_loan")
    left["facts"] = left["facts"] | {"balance": None}
    assert "1 名已离职员工还欠 6,800.00 元。（另有外币借款）" in read(night).text


def test_that_nobody_is_released_is_only_said_when_releases_rest(
    night: NightRecord, night_with: Callable[..., NightRecord]
) -> None:
    assert "今晚不放行任何离职" not in read(night).text
    rests = (Trouble("releases", "releases_suspended", {"cause": "books_differ"}),)
    assert "今晚不放行任何离职：借款与总账不一致。" in read(night_with(troubles=rests)).text


def whole(proof: dict[str, Any]) -> dict[str, Any]:
    streams = [stream | {"complete": True, "cause": None} for stream in proof["streams"]]
    return proof | {"streams": streams, "rules_off": []}


def test_nobody_found_is_only_said_when_everything_was_seen(
    night: NightRecord, night_with: Callable[..., NightRecord]
) -> None:
    nothing = night.findings | {"findings": []}
    assert "没有发现已离职员工欠款。" in read(night_with(findings=nothing, proof=whole(night.proof))).text
    assert "今晚无法判断" in read(night_with(findings=nothing)).text
    off = whole(night.proof) | {"rules_off": ["exit.left_with_loan"]}
    assert "今晚无法判断" in read(night_with(findings=nothing, proof=off)).text


def test_each_source_has_its_state_as_shape_and_word(night: NightRecord) -> None:
    text = read(night).text
    assert "金蝶 ● 完整 5 类数据全部读完整 · 137 行" in text
    assert "人事系统 ▲ 不完整" in text
    assert "员工: 行数与来源报告的不一致" in text


def test_books_that_agree_and_books_that_differ_look_different(night: NightRecord) -> None:
    text = read(night).text
    assert "● 账目相符（CNY）：总账 55,800.00，本系统 55,800.00，差额 0.00。" in text
    assert "■ 账目不符（USD）：总账 1,200.50，本系统 1,100.50，差额 -100.00。" in text


def test_a_missing_control_total_is_not_an_agreement(
    night: NightRecord, night_with: Callable[..., NightRecord]
) -> None:
    books = {"CNY": {"source": None, "here": "1.00", "difference": None}}
    text = read(night_with(proof=night.proof | {"books": books})).text
    assert "■ 账目不符（CNY）：总账 未知，本系统 1.00，差额 未知。" in text


def test_every_trouble_comes_with_what_to_do(night: NightRecord) -> None:
    text = read(night).text
    assert "人事系统的「员工」没有读完整" in text
    assert "信息部：检查这个连接" in text


def test_a_trouble_without_a_text_is_still_shown(night_with: Callable[..., NightRecord]) -> None:
    odd = Trouble("kingdee employee", "odd_code", {"count": 3})
    assert "odd_code count=3" in read(night_with(troubles=(odd,))).text


def test_a_held_group_shows_its_hash_and_the_command_that_approves_it(night: NightRecord) -> None:
    assert f"connector approve {night.plan['held'][0]['hash']} --by NAME" in read(night).text


def test_the_plan_is_in_words_with_before_after_why_and_outcome(night: NightRecord) -> None:
    text = read(night).text
    assert "由「借款逾期（提醒）」改为「正在离职，借款未结清、借款逾期（严重）」" in text
    assert "张伟（E1007） 未还 28,000.00 元，共 1 笔 正在离职，借款未结清 已确认" in text
    assert "■ 被拒绝 errcode 88: no such user" in text


def test_a_plan_without_actions_says_so(night_with: Callable[..., NightRecord]) -> None:
    night = night_with(plan={"hash": "h", "actions": [], "held": []}, outcomes=())
    assert "没有可以写的内容：部分数据或现状没有读到" in read(night).text
    for stream in night.proof["streams"]:
        stream["complete"] = True
    text = read(night).text
    assert "没有要写的内容" in text and "没有可以写的内容" not in text
    assert "没有需要写回的内容" in text


def test_the_gravest_findings_come_first_and_unknown_ones_are_told_apart(night: NightRecord) -> None:
    text = read(night).text.split("发现", 3)[-1]
    assert text.index("■ 严重") < text.index("▲ 提醒")
    assert "○ 另有 1 项无法判断".replace(" ", "") in text.replace("\xa0", "").replace(" ", "")


def test_a_long_list_is_cut_at_fifty_and_says_where_the_rest_is(
    night: NightRecord, night_with: Callable[..., NightRecord]
) -> None:
    overdue = next(f for f in night.findings["findings"] if f["rule"] == "loan.overdue")
    many = [overdue | {"subject": f"JK-{n:04}", "key": f"k{n}"} for n in range(1200)]
    page = render_page(night_with(findings=night.findings | {"findings": many}, stories=()), "zh_CN")
    assert page.count("已逾期 77 天") == 50
    assert "这里列出前 50 项，全部 1,200 项见 reconciliation.xlsx。" in page


def test_every_picture_has_a_sentence_and_a_table(night: NightRecord) -> None:
    reader = read(night)
    pictures = [attributes for tag, attributes in reader.elements if tag == "svg" and attributes.get("role") == "img"]
    assert len(pictures) == 4
    assert all(picture["aria-label"] for picture in pictures)
    assert sum(1 for tag, _ in reader.elements if tag == "details") >= 5
    assert "未还借款共 55,800.00 元，其中已离职员工 6,800.00 元，占 12.2 %。" in reader.text


def test_the_picture_of_those_who_left_has_a_shape_of_its_own(night: NightRecord) -> None:
    reader = read(night)
    assert ("pattern", "hatch") in [(tag, attributes.get("id")) for tag, attributes in reader.elements]
    assert "■ 已离职" in reader.text


def test_the_timeline_is_told_as_a_list_too(night: NightRecord) -> None:
    text = read(night).text
    for line in ("2026-03-16 借款 30,000.00 元 JK-2026-0031", "2026-07-14 申请离职", "2026-07-31 动作：拦截离职审批"):
        assert line in text


def test_evidence_names_system_document_field_value_and_time(night: NightRecord) -> None:
    assert "金蝶 JK-2026-0031 100031 未还余额 28,000.00 元 2026-07-31 18:10 UTC" in read(night).text


def test_no_salary_reaches_the_page(night: NightRecord) -> None:
    for language in LANGUAGES:
        page = render_page(night, language)
        assert "12345.67" not in page
        assert "12,345.67" not in page
        assert "canary" not in page


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text_everywhere(night_with: Callable[..., NightRecord], hostile: str) -> None:
    night = night_with(title=hostile, run=hostile, troubles=(Trouble(hostile, hostile, {"detail": hostile}),))
    for finding in night.findings["findings"]:
        finding["facts"] = dict.fromkeys(finding["facts"], hostile)
        finding["subject"] = finding["opened_on"] = hostile
        finding["evidence"] = [dict.fromkeys(("system", "ref", "field", "value", "seen_at"), hostile)]
    for action in night.plan["actions"]:
        action["employee"] = action["target"] = hostile
    night.plan["held"][0]["hash"] = hostile
    night.proof["streams"][0]["system"] = hostile
    night.names.update(dict.fromkeys(night.names, hostile))
    reader = read(night)
    assert hostile in "".join(reader.texts)
    plain = read(night_with())
    assert {tag for tag, _ in reader.elements} <= {tag for tag, _ in plain.elements}
    assert {name for _, a in reader.elements for name in a} <= {name for _, a in plain.elements for name in a}
    assert reader.open == []


def test_marks_that_turn_the_direction_and_control_characters_are_gone(night_with: Callable[..., NightRecord]) -> None:
    page = render_page(night_with(names={"E1007": "张\u202e伟\x00\u2066"}), "zh_CN")
    assert "张伟（E1007）" in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_place_and_no_code_of_the_catalog_is_left_in_the_text(night: NightRecord, language: str) -> None:
    text = read(night, language).text
    assert not re.search(r"\{\w+\}", text)
    assert [key for key in catalog(language) if key.startswith("page.") and key in text] == []
    assert " ? " not in text


def test_an_empty_night_is_a_whole_page(night_with: Callable[..., NightRecord]) -> None:
    reader = read(night_with(
        findings={"as_of": "2026-07-31", "rule_book": "x", "findings": []},
        plan={"hash": "h", "actions": [], "held": []}, outcomes=(), troubles=(), bars=(), waterfall=(), stories=(),
        rejects=(), proof={"as_of": "2026-07-31", "run": "r", "streams": [], "links": {}, "books": {}, "rules_off": []},
    ))
    assert reader.open == []
    assert "没有需要处理的异常。" in reader.text


def palettes() -> list[dict[str, str]]:
    style = (resources.files("connector.reports") / "templates" / "page.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark", "print"])
def test_every_text_colour_has_enough_contrast_on_every_ground(palette: dict[str, str]) -> None:
    """WCAG AA: 4.5 for text, 3 for the shapes of a picture."""
    for ink in ("ink", "quiet", "accent", "ok", "warn", "bad"):
        for ground in ("ground", "paper", "wash"):
            assert contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    assert contrast(palette["ink"], palette["track"]) >= 4.5
    assert contrast(palette["on-accent"], palette["accent"]) >= 4.5
    for shape in ("accent", "bad", "quiet"):
        assert contrast(palette[shape], palette["paper"]) >= 3
