"""The adapter as a whole over real sockets, the make-believe Kingdee behind a loopback port."""

import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from connector.adapters.contract import Receipt, Setting, Since
from connector.adapters.kingdee_cloud.adapter import KingdeeCloud, build
from connector.errors import ConfigError, UsageError
from connector.model.plan import Action

CONTENT = {"codes": ["loan.overdue"], "level": "warning"}
SINCE = Since(date(2026, 7, 31))


@pytest.fixture
def base_url(kingdee: Any) -> Iterator[str]:
    class Bridge(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            url = f"http://127.0.0.1{self.path}"
            found = kingdee(httpx.Request("POST", url, headers=dict(self.headers), content=body))
            self.send_response_only(found.status_code)
            self.send_header("Content-Length", str(len(found.content)))
            self.end_headers()
            self.wfile.write(found.content)

        def log_message(self, *words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/k3cloud/"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def make(base_url: str, clock: Any) -> Iterator[Callable[..., KingdeeCloud]]:
    made: list[KingdeeCloud] = []

    def adapter(overlay: str = "", **changes: Any) -> KingdeeCloud:
        options = {
            "base_url": base_url, "network": "sandbox", "acct_id": "a", "username": "u", "app_id": "1_2",
            "app_secret": "s3cret", "page_rows": 2,
        }  # fmt: skip
        setting = Setting("kingdee", "CNY", ZoneInfo("Asia/Shanghai"), clock)
        made.append(build(options | changes, setting, overlay))
        return made[-1]

    yield adapter
    for one in made:
        one.close()


def action(verb: Any, ref: str = "E2") -> Action:
    after = None if verb == "remove" else CONTENT
    return Action(verb, "kingdee", "risk_flag", ref, ref, None, after)


def people(kingdee: Any, *numbers: int) -> None:
    kingdee.forms["BD_Empinfo"] = [{"FID": n, "FNumber": f"E{n}", "FName": f"张 {n}"} for n in numbers]


def test_a_stream_is_pulled_over_real_sockets(make: Callable[..., KingdeeCloud], kingdee: Any) -> None:
    people(kingdee, 1, 2, 3)
    pages = list(make().pull("person", SINCE))
    assert [name for page in pages for name in page.rows["FName"]] == ["张 1", "张 2", "张 3"]
    assert pages[-1].end is not None


def test_a_companys_overlay_changes_what_is_asked_for(make: Callable[..., KingdeeCloud], kingdee: Any) -> None:
    people(kingdee, 1)
    kingdee.forms["BD_Empinfo"][0]["FStaffNumber"] = "S1"
    adapter = make("streams:\n  person:\n    number: FStaffNumber\n")
    assert next(iter(adapter.pull("person", SINCE))).rows["FStaffNumber"].to_list() == ["S1"]


def test_a_flag_is_put_read_back_replaced_and_removed(make: Callable[..., KingdeeCloud], kingdee: Any) -> None:
    people(kingdee, 1, 2, 3)
    adapter = make()
    assert adapter.push(action("put"), "欠款 100.00").outcome == "landed"
    assert adapter.observe("risk_flag", None)["ref"].to_list() == ["E2"]
    assert adapter.push(action("replace"), "欠款 50.00").outcome == "landed"
    assert kingdee.forms["BD_Empinfo"][1]["F_PAEZ_RiskText"] == "欠款 50.00"
    assert adapter.push(action("remove"), "").outcome == "landed"
    assert adapter.observe("risk_flag", ["E2"]).height == 0


def test_the_flags_day_is_the_companys(make: Callable[..., KingdeeCloud], kingdee: Any, clock: Any) -> None:
    people(kingdee, 2)
    clock.sleep(13 * 3600)  # 17:00 in UTC is the next day over there
    make().push(action("put"), "")
    assert kingdee.forms["BD_Empinfo"][0]["F_PAEZ_RiskAsOf"] == "2026-08-01"


def test_a_refused_write_says_why(make: Callable[..., KingdeeCloud], kingdee: Any) -> None:
    people(kingdee, 1)
    assert make().push(action("put", "E9"), "") == Receipt("refused", "found 0 employees of this number, expected one")


def test_a_write_without_a_readable_answer_is_unknown(make: Callable[..., KingdeeCloud], kingdee: Any) -> None:
    people(kingdee, 2)
    kingdee.odd["Save"] = [lambda request: httpx.Response(502)]
    assert make().push(action("put"), "").outcome == "unknown"


def test_a_check_begins_with_a_session_of_its_own(make: Callable[..., KingdeeCloud], kingdee: Any) -> None:
    people(kingdee, 1)
    adapter = make(auth="password", password="p")
    list(adapter.pull("person", SINCE))
    adapter.check()
    assert len(kingdee.asked("ValidateUser")) == 2


def test_another_kind_of_mark_is_refused(make: Callable[..., KingdeeCloud]) -> None:
    with pytest.raises(UsageError):
        make().observe("exit_hold", None)


def test_a_wrong_option_is_named_and_its_value_is_not(make: Callable[..., KingdeeCloud]) -> None:
    with pytest.raises(ConfigError, match="colour") as caught:
        make(colour="s3cret-blue", max_parallel="s3cret")
    assert "s3cret" not in str(caught.value)


def test_a_public_connection_cannot_be_pointed_at_this_machine(
    make: Callable[..., KingdeeCloud], base_url: str
) -> None:
    with pytest.raises(ConfigError, match="https"):
        make(network="public")
    adapter = make(network="public", base_url=base_url.replace("http:", "https:"))
    with pytest.raises(ConfigError, match="private_cidr"):
        list(adapter.pull("person", SINCE))
