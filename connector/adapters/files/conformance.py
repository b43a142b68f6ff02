"""This adapter's subject: itself over a made-up company's folder, and how that is troubled. Cases are written
elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connector.adapters.contract import Adapter, Setting
from connector.adapters.files.adapter import build
from connector.adapters.subject import Trial
from connector.sandbox.hosted import built_in

# The files of the company folder and the option that names each.
_OTHERS = {"appraisals": "appraisals.csv", "attendance": "attendance.csv", "signals": "signals.csv"}

_SIGNALS = "employee,kind,at,source\n1001,resume_updated,2026-07-20T09:00:00+08:00,job site\n"


@contextmanager
def subject(setting: Setting) -> Iterator[Trial]:
    """A folder as people export it; there is no credential and nothing to write."""
    with tempfile.TemporaryDirectory(prefix="connector-trial-") as name:
        folder = Path(name)
        built_in(folder)
        (folder / _OTHERS["signals"]).write_text(_SIGNALS, "utf-8")
        (folder / "odd.csv").write_text("colour,size\nred,7\n", "utf-8")

        def connect(**changes: Any) -> Adapter:
            return build({"folder": name, **_OTHERS, **changes}, setting)

        def cut_off() -> None:
            for file in ("employees.csv", *_OTHERS.values()):
                with (folder / file).open("a", encoding="utf-8") as written:
                    written.write('9999,"a name that never')

        yield Trial(
            connect=connect,
            broken={"reach": lambda: connect(file="none.csv"), "fields": lambda: connect(file="odd.csv")},
            troubles={"cut_off": cut_off},
        )
