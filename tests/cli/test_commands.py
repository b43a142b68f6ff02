"""Every command, its exit code and its words, as an admin meets them."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from connector.app import House
from connector.cli.main import run
from tests.cli.conftest import Terminal

ODD_NAME = "Wang [/x] [red]boo[/red] \x1b]0;owned\x07\x1b[2J\u202eevil"


def test_an_installation_goes_from_dry_runs_to_live_and_back(terminal: Terminal) -> None:
    assert terminal("check").code == 0
    doctor = terminal("doctor")
    assert doctor.code == 0 and "✗" not in doctor.out
    assert terminal("plan").code == 0
    assert terminal("plan", "--detailed-exitcode").code == 3
    assert terminal.box.world.effects == []
    assert terminal("live", "on", "--by", "王芳").code == 0
    assert terminal("run").code == 0
    assert len(terminal.box.world.effects) > 0
    assert terminal("plan", "--detailed-exitcode").code == 0
    assert terminal("live", "off", "--by", "王芳").code == 0


def test_what_was_shown_is_what_is_applied(terminal: Terminal, tmp_path: Path) -> None:
    terminal("live", "on", "--by", "王芳")
    assert terminal("plan", "--out", str(tmp_path / "shown")).code == 0
    terminal.box.world.put("loans", {
        "number": "JK7777", "employee": "1020", "principal": "30000.00", "currency": "CNY", "lent_on": "2026-07-29",
        "applied_on": "2026-07-20", "kind": "business", "approval": "",
    })
    stale = terminal("apply", str(tmp_path / "shown"))
    assert stale.code == 1 and terminal.box.world.effects == []
    assert terminal("plan", "--out", str(tmp_path / "again")).code == 0
    assert terminal("apply", str(tmp_path / "again")).code == 0


def test_one_employee_is_looked_at_and_explained(terminal: Terminal) -> None:
    before = terminal("look", "1004", "--json").document
    assert before["balance"] == {"CNY": "28000.00"} and before["exits"] == []
    terminal.box.world.put("exits", {
        "number": "LZ9", "employee": "1004", "requested_on": "2026-07-29", "last_day": "2026-08-29",
        "kind": "resignation", "status": "running", "gate": "open",
    })
    seen = terminal("look", "1004", "--json").document
    assert [one["gate"] for one in seen["exits"]] == ["open"]
    terminal("plan")
    assert terminal.box.world.effects == []
    told = terminal("explain", "1004")
    assert told.code == 0 and "JK0001" in told.out and "28,000.00" in told.out
    assert "9000" not in told.out and "9,000" not in told.out  # his salary
    assert terminal("explain", "1004", "--json").document["findings"]


def test_a_look_before_the_first_night_says_what_it_cannot_know(terminal: Terminal) -> None:
    told = terminal("look", "1012", "--json")
    assert [one["withheld"] for one in told.document["exits"]] == [["unproven"]]


def test_finance_confirms_only_what_the_ledger_proves(terminal: Terminal) -> None:
    assert terminal("confirm", "1004", "--by", "王芳").code == 1
    terminal("plan")
    assert terminal("confirm", "LZ0001", "--by", "1012").code == 1  # nobody confirms his own exit
    assert terminal("confirm", "LZ0001", "--by", "王芳", "--json").document["by"] == "王芳"


def test_a_stream_that_shrank_is_accepted_by_its_name(terminal: Terminal) -> None:
    terminal("plan")
    for number in ("1026", "1027", "1029"):
        terminal.box.world.delete("employees", number)
    assert terminal("plan").code == 4
    for stream in ("hr.employee", "kingdee.person"):
        assert terminal("approve", stream, "--by", "杨洁").code == 0
    assert "没有读完整" not in terminal("plan").out
    assert terminal("approve", "hr.employee", "--by", "杨洁").code == 1


def test_a_held_group_is_shown_and_approved_by_its_hash(terminal: Terminal) -> None:
    for at in range(10, 28):
        terminal.box.world.put("loans", {
            "number": f"JK77{at}", "employee": f"10{at}", "principal": "90000.00", "currency": "CNY",
            "lent_on": "2026-07-29", "applied_on": "2026-07-20", "kind": "business", "approval": "",
        })
    terminal("live", "on", "--by", "王芳")
    held = terminal("run")
    assert held.code == 4 and "⏸" in held.out
    groups = terminal("plan", "--json").document["held"]
    assert terminal("approve", groups[0]["hash"][:12], "--by", "陈国栋").code == 0
    assert terminal("run").code == 0
    assert terminal("approve", "00000000", "--by", "陈国栋").code == 1


@pytest.mark.parametrize("words", [
    ["look", "nobody"], ["explain", "1004"], ["confirm", "nobody", "--by", "x"], ["approve", "12345678", "--by", "x"],
])
def test_what_cannot_be_done_as_things_stand_is_1(terminal: Terminal, words: list[str]) -> None:
    told = terminal(*words)
    assert told.code == 1 and told.err.startswith("✗ 现在不能这样做：") and "→" in told.err


@pytest.mark.parametrize("words", [
    ["bogus"], ["plan", "--nope"], ["look"], ["sandbox", "--as-of", "yesterday"], ["sandbox", "--as-of", "9999-12-31"],
    ["plan", "--lang", "fr"], ["live", "maybe", "--by", "x"], ["db", "drop"], ["demo", "--company", "no-such-folder"],
    ["sandbox", "--port-base", "70000"], ["live", "on", "--by", " "],
])
def test_wrong_usage_is_2_with_a_hint(capsys: Any, words: list[str]) -> None:
    assert run(words, House) == 2
    assert "→" in capsys.readouterr().err


def test_a_path_that_cannot_be_written_is_1(terminal: Terminal) -> None:
    told = terminal("plan", "--out", "/proc/nothing/here")
    assert told.code == 1 and "/proc/nothing" in told.err


def test_setting_up_with_json_prints_one_document(terminal: Terminal, tmp_path: Path) -> None:
    made = terminal("init", str(tmp_path / "new"), "--json", plain=True).document
    assert made == {"config": str(tmp_path / "new" / "connector.yaml")}
    assert terminal("db", "version", "--json").document["schema"] == terminal("db", "--json").document["program"]


def test_the_demo_with_json_tells_its_nights_and_nothing_else(terminal: Terminal, tmp_path: Path) -> None:
    nights = terminal("demo", "--out", str(tmp_path / "demo"), "--json", plain=True).document["nights"]
    assert [night["as_of"] for night in nights] == ["2026-07-29", "2026-07-30", "2026-07-31", "2026-07-31"]
    assert all(night["actions"] for night in nights) and nights[-1]["outcomes"] == {"confirmed": nights[-1]["actions"]}


def test_a_failing_command_with_json_prints_json(terminal: Terminal) -> None:
    told = terminal("look", "nobody", "--json")
    assert told.document["exit_code"] == 1 and told.document["error"]["kind"] == "StateError"


def test_errors_speak_the_language_that_was_asked_for(terminal: Terminal) -> None:
    assert terminal("look", "nobody", "--lang", "en").err.startswith("✗ not possible now:")
    assert "connector --help shows" in terminal("bogus", "--lang", "en", plain=True).err


def test_a_company_cannot_go_live_while_loans_belong_to_nobody(terminal: Terminal) -> None:
    terminal.box.world.put("loans", {
        "number": "JK8888", "employee": "X1", "principal": "1.00", "currency": "CNY", "lent_on": "2026-07-29",
        "applied_on": "2026-07-20", "kind": "business", "approval": "",
    })
    told = terminal("live", "on", "--by", "王芳")
    assert told.code == 1 and "--despite-links" in told.err
    assert terminal("live", "on", "--by", "王芳", "--despite-links").code == 0


def test_foreign_text_is_shown_as_it_is_and_drives_no_terminal(terminal: Terminal) -> None:
    terminal.box.world.put("employees", {"number": "1004", "name": ODD_NAME, "department": "[bold]销售[/bold]"})
    for words in (["plan"], ["run"], ["look", "1004"], ["explain", "1004"]):
        told = terminal(*words)
        assert told.code in (0, 4)
        assert "\x1b" not in told.out + told.err and "\u202e" not in told.out
    assert "[red]boo[/red]" in terminal("look", "1004").out


def test_an_unknown_balance_is_not_called_zero(terminal: Terminal) -> None:
    terminal.box.chaos.arm([{"system": "kingdee", "op": "ExecuteBillQuery", "form": "AR_OtherRecAble",
                             "fault": "error_200", "times": 0}])
    told = terminal("look", "1012", "--lang", "en")
    assert told.code == 4 and "owes unknown" in told.out


def test_nobody_is_unknown_while_a_system_is_silent(terminal: Terminal) -> None:
    terminal.box.chaos.arm([{"system": "hr", "op": "*", "fault": "cap_page", "times": 0, "args": {"limit": 0}},
                            {"system": "kingdee", "op": "ExecuteBillQuery", "fault": "error_200", "times": 0}])
    told = terminal("look", "9999")
    assert told.code == 4 and "未还借款 未知" in told.out


def test_a_borrower_whom_hr_does_not_know_is_shown_with_what_he_owes(terminal: Terminal) -> None:
    terminal.box.world.put("loans", {
        "number": "JK8888", "employee": "X1", "principal": "17.00", "currency": "CNY", "lent_on": "2026-07-29",
        "applied_on": "2026-07-20", "kind": "business", "approval": "",
    })
    told = terminal("look", "X1")
    assert told.code == 0 and "未还借款 17.00 元" in told.out
    assert terminal("look", "X1", "--json").document["balance"] == {"CNY": "17.00"}


def test_an_explanation_names_the_confirmation_and_what_was_not_read(terminal: Terminal) -> None:
    terminal("plan")
    terminal("confirm", "LZ0001", "--by", "王芳")
    told = terminal("explain", "1012", "--lang", "en")
    assert told.code == 0 and "confirmed by 王芳" in told.out
    terminal.box.chaos.arm([{"system": "kingdee", "op": "ExecuteBillQuery", "form": "AR_OtherRecAble",
                             "fault": "error_200", "times": 0}])
    terminal("plan")
    assert "Not read in full last night: Kingdee" in terminal("explain", "1012", "--lang", "en").out
    assert terminal("explain", "1012", "--json").document["exits"][0]["confirmed"]["by"] == "王芳"


def test_a_world_that_is_a_few_days_further_on_is_still_read(terminal: Terminal) -> None:
    terminal.box.world.advance(3 * 86_400)
    assert terminal("plan").code == 0


def test_commands_are_named_as_they_were_typed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_STARTED_AS", "python3 run.py")
    assert "：python3 run.py look nobody" in (terminal("plan"), terminal("explain", "nobody"))[1].err


def test_a_sandbox_writes_over_its_own_configuration_and_no_other(tmp_path: Path, capsys: Any) -> None:
    mine = tmp_path / "connector.yaml"
    mine.write_text("company: {code: acme}\n")
    assert run(["sandbox", "--config-out", str(mine)], House) == 1
    assert mine.read_text() == "company: {code: acme}\n" and str(mine) in capsys.readouterr().err


def test_everything_a_run_leaves_is_its_owners_alone(terminal: Terminal) -> None:
    terminal("plan")
    home = terminal.config.parent
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [home, *home.rglob("*")]}
    assert len(modes) > 15
    assert {path for path, mode in modes.items() if mode & 0o077} == set()


@pytest.mark.parametrize(("dialect", "word"), [("postgresql", "TIMESTAMP"), ("mariadb", "InnoDB"), ("sqlite", "TEXT")])
def test_the_sql_for_hr_is_printed_for_each_database(capsys: Any, dialect: str, word: str) -> None:
    assert run(["config", "writeback-ddl", "--dialect", dialect], House) == 0
    said = capsys.readouterr().out
    assert "CREATE TABLE" in said and word in said


def test_a_first_configuration_is_written_checked_and_never_overwritten(tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "mine"
    assert run(["init", str(folder)], House) == 0
    assert run(["init", str(folder)], House) == 1
    assert "secrets/" in (folder / ".gitignore").read_text()
    assert run(["check", "--config", str(folder / "connector.yaml")], House) == 1  # secrets are not set yet
    assert "KINGDEE_APP_SECRET" in capsys.readouterr().err


def test_the_rules_are_listed_tried_compared_and_replayed(terminal: Terminal, tmp_path: Path) -> None:
    listed = terminal("rules", "list", "--json").document
    assert {"loan.overdue", "performance.exit_warning"} <= {rule["code"] for rule in listed["rules"]}
    assert terminal("rules", "test").code == 0
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "mine.yaml").write_text("policy: {salary_share_percent: 5}\nrules: []\n")
    told = terminal("rules", "diff", str(tmp_path / "sheets"), "--json").document["changes"]
    assert [(one["name"], one["before"], one["after"]) for one in told] == [("salary_share_percent", 5, 50)]
    terminal("run")
    assert terminal("rules", "replay", "--from", "2026-07-01").code == 0
    other = terminal("rules", "replay", "--from", "2026-07-01", "--book", str(tmp_path / "sheets"), "--json").document
    assert "loan.over_salary_share" in {row["rule"] for row in other["nights"][0]["appeared"]}


def test_a_wrong_example_or_rule_is_said_with_its_place(terminal: Terminal, tmp_path: Path) -> None:
    sheets = tmp_path / "sheets"
    sheets.mkdir()
    wrong = "rules: [{code: loan.overdue, examples: [{row: {balance: 0}, verdict: hit}]}]\n"
    (sheets / "mine.yaml").write_text(wrong)
    told = terminal("rules", "test", str(sheets), "--lang", "en")
    assert told.code == 1 and "loan.overdue, example 1: expected Hit, found Clear" in told.out
    (sheets / "mine.yaml").write_text("rules: [{code: loan.overdue, when: 'balanze > 0'}]\n")
    told = terminal("rules", "check", str(sheets), "--lang", "en")
    assert told.code == 1 and "mine.yaml" in told.err and "line 1, column 1" in told.err


def test_sheets_of_a_company_are_in_force(terminal: Terminal) -> None:
    terminal.config.write_text(terminal.config.read_text("utf-8") + "rules: sheets\n", "utf-8")
    (terminal.config.parent / "sheets").mkdir()
    (terminal.config.parent / "sheets" / "a.yaml").write_text("rules: [{code: loan.overdue, mode: off}]\n")
    off = {rule["code"] for rule in terminal("rules", "list", "--json").document["rules"] if rule["mode"] == "off"}
    assert "loan.overdue" in off


def test_the_emergency_stop_needs_nothing_but_the_store(terminal: Terminal) -> None:
    terminal("live", "on", "--by", "王芳")
    broken = terminal.config.read_text("utf-8").replace("app_secret: ", "app_secret: env:NOT_SET_", 1)
    terminal.config.write_text(broken + "rules: no-such-file.yaml\n", "utf-8")
    assert terminal("plan").code == 1
    assert terminal("live", "off", "--by", "王芳", "--json").document == {"mode": "observe", "by": "王芳"}
