"""The form an admin fills in to read HR from a JSON API: its account, and for each stream where its rows are.

Values only; nothing is opened here.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connector.adapters.kit.api import ApiForm

# Streams an API may give, and the columns that tell a row of each: its person first, then the month or moment.
TOLD_BY = {
    "employee": ("number",), "appraisal_month": ("employee", "month"), "attendance_month": ("employee", "month"),
    "signal": ("employee", "at"),
}
_PATH = r"^[^?#\\]*$"


class Paging(BaseModel):
    """How the next page is asked for, and so how the end is known.

    page, offset: the next number until a page is empty. cursor: the answer's own until it gives none. link: the header
    `Link` with rel=next until there is none. none: one answer is all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["page", "offset", "cursor", "link", "none"] = Field(default="none", description="strategy / 分页方式")
    ask: str = Field(default="", description="query name of page, offset or cursor; default: `by` / 分页参数名")
    start: int = Field(default=1, ge=0, le=1, description="page: number of the first one / 首页页码")
    next: str = Field(default="", description="cursor: where the answer has the next one / 下一页游标所在字段")
    size_ask: str = Field(default="", description="query name of the page's size, if it can be asked / 每页条数参数名")
    size: int = Field(default=200, ge=1, le=10_000, description="rows a page / 每页条数")

    @model_validator(mode="after")
    def _knows_its_cursor(self) -> Self:
        if (self.by == "cursor") != bool(self.next):
            raise ValueError("`next` is for `by: cursor`, and needed there")
        return self

    @property
    def asked_as(self) -> str:
        """Query name of the place that a page begins at."""
        return self.ask or self.by


class StreamForm(BaseModel):
    """Where one stream is, and where its rows stand in an answer. Places are dotted: `data.items`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(pattern=_PATH, description="path below base_url / 接口路径")
    query: dict[str, str] = Field(default_factory=dict, description="asked with every page / 固定查询参数")
    rows: str = Field(default="", description="where the list of rows is; empty = the answer itself / 列表所在字段")
    key: str = Field(default="", description="field that tells a row from all others; default: its person / 主键字段")
    total: str = Field(default="", description="where the answer has the number of all rows / 总数所在字段")
    paging: Paging = Field(default=Paging(), description="how the next page is asked for / 分页")


class RestForm(ApiForm):
    """One account of an HR system with a JSON API."""

    streams: dict[str, StreamForm] = Field(description="stream → where it is / 数据流与接口")

    @field_validator("streams")
    @classmethod
    def _known_streams(cls, streams: dict[str, StreamForm]) -> dict[str, StreamForm]:
        unknown = sorted(set(streams) - set(TOLD_BY))
        if unknown or not streams:
            raise ValueError(f"found {', '.join(unknown) or 'none'}, expected some of {', '.join(TOLD_BY)}")
        return streams
