"""The form an admin fills in to read a company folder. Values only; nothing is opened here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

_WILD = "*?["
# Digits of an employee number: longer ones are no numbers that people type.
_MOST_DIGITS = 20


def _bare(name: str) -> str:
    if name in {".", ".."} or any(sign in name for sign in "/\\\0"):
        raise ValueError(f"found {name!r}, expected a bare file name without folders")
    return name


class NamedFile(BaseModel):
    """One file of the folder: by its name, or the newest of a pattern; and the sheet in it, if several would fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    pattern: str = ""
    sheet: str = ""

    @field_validator("name", "pattern")
    @classmethod
    def _stays_in_the_folder(cls, name: str) -> str:
        return _bare(name)

    @model_validator(mode="after")
    def _is_one(self) -> NamedFile:
        if bool(self.name) == bool(self.pattern):
            raise ValueError("expected `name` or `pattern`, one of them")
        return self


def _named(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    return {"pattern": given} if any(sign in given for sign in _WILD) else {"name": given}


OtherFile = Annotated[NamedFile | None, BeforeValidator(_named)]


class FilesForm(BaseModel):
    """Which files the folder holds, and what cannot be seen in them: the rules by which their cells are read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    folder: Path = Field(
        validation_alias=AliasChoices("folder", "path"), description="folder that holds the files / 文件所在文件夹"
    )
    file: str | None = Field("employees.csv", description="employee file; null = none / 员工花名册文件名")
    pattern: str = Field("", description="instead of `file`: newest by the date in its name / 取文件名日期最新的")
    sheet: str = Field("", description="sheet with the employees, if several would fit / 员工所在工作表")
    number_column: str = Field("number", description="header of the employee number, if unusual / 工号列的表头")
    number_width: int = Field(
        0, ge=0, le=_MOST_DIGITS, description="shorter numbers get zeros in front; 0 = never / 工号位数，左侧补零"
    )
    fill_down: tuple[str, ...] = Field((), description="columns of merged cells, filled down / 合并单元格向下填充的列")
    date_system: Literal[1900, 1904] | None = Field(
        None, description="what day 1 is in numbers that are dates; empty = as the workbook says, else 1900 / 日期系统"
    )
    encoding: Literal["", "utf-8", "utf-16", "gb18030", "big5", "shift_jis", "euc_kr", "cp1252"] = Field(
        "", description="encoding of text files; empty = told by their content / 文本编码"
    )
    appraisals: OtherFile = Field(None, description="monthly results: name or pattern / 绩效文件")
    attendance: OtherFile = Field(None, description="times late per month: name or pattern / 考勤文件")
    signals: OtherFile = Field(None, description="signals such as an updated resume: name or pattern / 信号文件")

    @field_validator("file", "pattern")
    @classmethod
    def _stays_in_the_folder(cls, name: str | None) -> str | None:
        return None if name is None else _bare(name)

    @model_validator(mode="after")
    def _has_a_file(self) -> FilesForm:
        if self.file == "" and not self.pattern:
            raise ValueError("`file` is empty, expected a file name, or null for none")
        if not self.streams:
            raise ValueError("expected at least one of `file`, `appraisals`, `attendance`, `signals`")
        return self

    @property
    def streams(self) -> dict[str, NamedFile]:
        """Stream → its file; only what the folder is said to hold."""
        employees = None
        if self.pattern:
            employees = NamedFile(pattern=self.pattern, sheet=self.sheet)
        elif self.file:
            employees = NamedFile(name=self.file, sheet=self.sheet)
        found = {
            "employee": employees, "appraisal_month": self.appraisals, "attendance_month": self.attendance,
            "signal": self.signals,
        }
        return {stream: named for stream, named in found.items() if named is not None}
