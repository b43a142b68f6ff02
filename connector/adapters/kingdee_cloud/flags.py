"""The risk flag in its fields: a check box, rule codes, a level, the sentence people read, the day of writing.

Codes and level are the content; sentence and day travel along. Nothing is sent or read here.
"""

from __future__ import annotations

from datetime import date

from connector.adapters.kingdee_cloud.connection import Flags
from connector.adapters.kingdee_cloud.marks import Row, is_ticked, plain
from connector.model.plan import Content

RISK_FLAG = "risk_flag"


class FlagShape:
    """The fields of a company's risk flag."""

    kind = RISK_FLAG

    def __init__(self, names: Flags) -> None:
        self._names = names

    @property
    def fields(self) -> tuple[str, ...]:
        return self._names.all

    @property
    def where_any(self) -> str:
        return f"{self._names.flag}='1' or {self._names.codes}<>''"

    def model(self, content: Content | None, text: str, day: date) -> dict[str, object]:
        names = self._names
        if content is None:
            return {names.flag: False, names.codes: "", names.level: "", names.text: "", names.as_of: None}
        return {
            names.flag: True, names.codes: ",".join(_codes(content)),
            names.level: str(content.get("level") or ""), names.text: text, names.as_of: day.isoformat(),
        }

    def content(self, row: Row) -> Content | None:
        """A half-set flag is a mark without codes: it differs from every wanted one, so it will be put right."""
        names = self._names
        is_set = is_ticked(row[names.flag])
        codes = sorted(code.strip() for code in plain(row[names.codes]).split(",") if code.strip())
        if not is_set and not codes:
            return None
        is_whole = is_set and bool(plain(row[names.text]))
        return {"codes": codes if is_whole else [], "level": plain(row[names.level])}


def _codes(content: Content) -> list[str]:
    codes = content.get("codes")
    return sorted(str(code) for code in codes) if isinstance(codes, (list, tuple)) else []
