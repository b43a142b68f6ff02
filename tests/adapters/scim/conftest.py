"""An independent SCIM server on a port of this machine, and an adapter that reads it."""

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from connector.adapters.scim.adapter import Scim, build
from connector.testing.judging import Patient, setting_of

TOKEN = "canary-directory-token"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a request carries a token."""


class Directory:
    """Its address, and users added as any client adds them."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v2"

    def add(self, login: str, number: str | None, active: bool = True, manager: str = "", **more: Any) -> str:
        extension: dict[str, Any] = {"employeeNumber": number, "department": "销售部"}
        extension |= {"manager": {"value": manager}} if manager else {}
        user = {"schemas": [CORE, ENTERPRISE], "userName": login, "active": active, **more}
        body = json.dumps(user | ({ENTERPRISE: extension} if number else {})).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        asked = urllib.request.Request(f"{self.url}/Users", body, headers, method="POST")
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return str(json.load(answer)["id"])


@pytest.fixture
def directory() -> Iterator[Directory]:
    reason = "scim2-server is not installed; python3 run.py test installs it"
    application = pytest.importorskip("scim2_server.testserver.application", reason=reason)
    utils, memory = pytest.importorskip("scim2_server.utils"), pytest.importorskip("scim2_server.memory")
    storage, provider = memory.InMemoryStorage(), utils.load_default_provider()
    app = application.BearerTokenApplication(storage, provider, bearer_tokens=[TOKEN])
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield Directory(server.server_port)
        server.shutdown()
        thread.join()


@pytest.fixture
def connect() -> Iterator[Callable[..., Scim]]:
    made: list[Scim] = []

    def make(url: str, **options: Any) -> Scim:
        whole = {"base_url": url, "network": "sandbox", "auth": "bearer", "token": TOKEN, **options}
        made.append(build(whole, setting_of("hr", Patient())))
        return made[-1]

    yield make
    for one in made:
        one.close()
