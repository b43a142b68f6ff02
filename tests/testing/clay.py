"""An adapter of clay: it keeps the contract in memory, and breaks exactly the promise that a test names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from connector.adapters.contract import Check, End, Page, Receipt, Setting, Since
from connector.adapters.kit.manifest import load_manifest
from connector.adapters.registry import Parts, Product
from connector.adapters.subject import Marked, Trial
from connector.errors import AuthError, UsageError, WireError
from connector.model.plan import Action, canonical, digest
from connector.model.tables import schema

SECRET = "canary-7"
ROWS = [{"id": f"r{n}", "number": f"{n}", "status": "active"} for n in range(5)]
FILES = {
    "manifest.yaml": "adapter: clay\ntitle: {zh_CN: 泥, en: clay}\nroles: [hr]\nstreams: [employee]\n"
    "sinks: [{kind: warning, write: upsert}]\n",
    "mapping.yaml": "streams:\n  employee: {ref: id, number: number, status: status}\n",
    "texts/zh_CN.yaml": "clay: {mend: 修}\n",
    "texts/en.yaml": "clay: {mend: mend it}\n",
}


class ClayForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    color: str = Field("red", description="colour / 颜色")


class SilentForm(BaseModel):
    color: str = "red"


@dataclass
class ClayWorld:
    fault: str
    marks: dict[str, Action]
    troubles: set[str]
    refusals: int = 0
    reads: int = 0


class Clay:
    def __init__(self, world: ClayWorld, stage: str = "") -> None:
        self._world, self._stage, self._is_closed = world, stage, False
        self.manifest = load_manifest(FILES["manifest.yaml"], "clay")
        self.secret = SECRET if world.fault == "shows_secret" else "***"

    def check(self) -> list[Check]:
        if self._stage == "login":
            self._refuse()
        fault = self._world.fault
        if fault == "sick" or self._stage == "reach":
            return [Check("reach", False, "away", "no.such.code" if fault == "mendless" else "files.mend.no_file")]
        if self._stage == "login":
            return [Check("reach", True), Check("login", False, "refused", "files.mend.no_file")]
        return [Check("reach", True), Check("odd_stage" if fault == "nameless_stage" else "login", True)]

    def _refuse(self) -> None:
        if self._world.refusals < 2 or self._world.fault == "stubborn":
            self._world.refusals += 1

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        fault, world = self._world.fault, self._world
        if self._stage == "login":
            self._refuse()
            raise AuthError("refused")
        if stream != "employee" and fault != "takes_all":
            raise UsageError("no such stream")
        world.reads += 1
        rows = [row for row in ROWS if since.only is None or fault == "unlimited" or row["number"] in since.only]
        rows = rows[world.reads - 1 :] if fault == "forgets" else rows
        if "repeated_page" in world.troubles:
            if fault != "swallows_repeat":
                raise WireError("a page seen before")
            rows = [*rows, *rows]
        frame = pl.DataFrame(rows, schema={"id": pl.String, "number": pl.String, "status": pl.String})
        frame = frame.with_columns(pl.lit(1).alias("n")) if fault == "numbers" else frame
        frame = frame.with_columns(pl.lit(None, pl.String).alias("number")) if fault == "unnumbered" else frame
        end = End("vendor_end", frame.height + (fault == "miscounts"))
        if "cut_off" in world.troubles:
            yield Page(frame[:2], "1", end=end if fault == "ends_anyway" else None)
            raise WireError("cut off")
        yield Page(frame, "1", end=None if fault == "endless" else end)

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        if self._stage == "login":
            self._refuse()
            raise AuthError("refused")
        if self._world.fault == "blind" or kind != "warning":
            return pl.DataFrame(schema=schema("mark"))
        marks = [m for ref, m in self._world.marks.items() if refs is None or ref in refs]
        rows = [{"kind": kind, "ref": m.ref[:4], "digest": digest(m.after or {})} for m in marks]
        return pl.DataFrame(rows, schema=schema("mark"))

    def push(self, action: Action, text: str) -> Receipt:
        fault, world = self._world.fault, self._world
        if action.kind != "warning" and fault != "takes_all":
            return Receipt("refused")
        key = action.ref if fault != "appends" or action.after is None else f"{action.ref}{len(world.marks)}"
        if action.after is None:
            world.marks.pop(key, None)
        else:
            assert canonical(action.after)
            world.marks[key] = action
        is_lost = "lost_answer" in world.troubles and fault != "sure"
        return Receipt("unknown" if is_lost else "landed")

    def close(self) -> None:
        if self._world.fault == "closes_once" and self._is_closed:
            raise RuntimeError("closed already")
        self._is_closed = True


class ClayProduct(Product):
    """A product whose folder is in memory."""

    files: dict[str, str] = FILES

    def read(self, name: str) -> str:
        return self.files[name]


def product(fault: str = "", **files: str) -> Product:
    @contextmanager
    def subject(setting: Setting) -> Iterator[Trial]:
        world = ClayWorld(fault, {}, set())
        mark = Marked("warning", "1", "1", {"codes": ["a"]}, {"codes": ["b"]})
        troubles: Any = {one: (lambda one=one: world.troubles.add(one)) for one in
                         ("cut_off", "repeated_page", "lost_answer")}
        broken = {stage: (lambda stage=stage: Clay(world, stage)) for stage in ("reach", "login")}
        yield Trial(lambda: Clay(world), broken, troubles, (SECRET,), lambda adapter: (mark,), lambda: world.refusals)

    form = SilentForm if fault == "silent_form" else ClayForm
    made = ClayProduct("clay", "tests", lambda: Parts(lambda options, setting: Clay(ClayWorld("", {}, set())), form,
                                                      subject))
    object.__setattr__(made, "files", FILES | files)
    return made
