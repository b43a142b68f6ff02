"""The form an admin fills in to read a company folder. Values only; nothing is opened here."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator


class FilesForm(BaseModel):
    """Where the employee file lies and which of its columns is the employee number."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    folder: Path = Field(
        validation_alias=AliasChoices("folder", "path"),
        description="folder that holds the file / 文件所在文件夹",
    )
    file: str = Field(default="employees.csv", description="name of the file in that folder / 文件名")
    number_column: str = Field(
        default="number", description="header of the column with the employee number / 工号列的表头"
    )

    @field_validator("file")
    @classmethod
    def _stays_in_the_folder(cls, name: str) -> str:
        if not name or name in {".", ".."} or any(sign in name for sign in "/\\\0"):
            raise ValueError(f"found {name!r}, expected a bare file name without folders")
        return name

    @property
    def place(self) -> Path:
        return self.folder / self.file
