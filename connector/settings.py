"""Settings: the one configuration file, checked; values from the environment win. Alone imports pydantic-settings.

A secret never stands in the file: it is `env:NAME`, or `file:PATH` to a file that only its owner can read.
"""

from __future__ import annotations

import os
import re
import stat
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from connector.engine.schedule import Schedule
from connector.errors import ConfigError
from connector.model.faults import fault
from connector.store.database import PASSWORD_KEYS

CONFIG_FILE = "connector.yaml"


class CompanySettings(BaseModel):
    """Who the connector works for."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$", description="short name, also in file names")]
    title: str = ""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    time_zone: str = "Asia/Shanghai"
    language: Literal["zh_CN", "en"] = "zh_CN"
    approval_chain: list[list[str]] = Field(default_factory=list, description="steps, each a list of node names")
    confirm: Literal["debtors", "always"] = "debtors"
    payout_prefix: str = Field("FK", description="a payment's number is this followed by the loan's number")

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone `{value}`; for example Asia/Shanghai") from error
        return value


class ScheduleSettings(BaseModel):
    """When the connector works by itself."""

    model_config = ConfigDict(extra="forbid")

    nightly: Annotated[str, Field(description="cron text in the company's zone: minute hour day month weekday")] = (
        "30 1 * * *"
    )


class LogSettings(BaseModel):
    """Where `serve` says what it does; one JSON object a line, without people."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[Path | None, Field(description="rotated by itself; empty = standard error")] = None


class Settings(BaseSettings):
    """The whole file. `connections`: name → {adapter: ..., its own options}.

    Where the environment wins, `store` and `connections` hold secrets: they are neither printed nor dumped.
    """

    model_config = SettingsConfigDict(extra="forbid", env_prefix="CONNECTOR_", env_nested_delimiter="__")

    company: CompanySettings
    data_dir: Path = Path("data")
    folder: Path = Field(Path(), exclude=True, description="folder of the file; relative paths are relative to it")
    store: str = Field(
        "", repr=False, exclude=True,
        description="SQLAlchemy url, or env:NAME or file:PATH of one; empty = SQLite in data_dir",
    )
    rules: Path | None = Field(None, description="rule book; empty = the one that comes with the program")
    mappings: Path | None = Field(None, description="folder of mapping overlays, one file per adapter")
    adapters: list[str] = Field(default_factory=list, description="packages of other authors that may bring adapters")
    connections: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False, exclude=True)
    schedule: ScheduleSettings = ScheduleSettings()
    log: LogSettings = LogSettings()
    today: date | None = Field(None, description="for trials only: the business date when none is asked for")
    allow_plain_secrets: bool = Field(False, description="for trials only: secrets may stand in the file")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)


def load_settings(path: Path) -> Settings:
    """Settings from a YAML file; relative paths are relative to it. ConfigError names the file and the place in it."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise fault(ConfigError, "settings.no_file", str(path)) from error
    except IsADirectoryError as error:
        raise fault(ConfigError, "settings.is_folder", str(path)) from error
    except yaml.YAMLError as error:  # without the line itself: a secret may stand in it
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "found something else"
        raise fault(ConfigError, "settings.no_yaml", f"{path}{where}", problem=problem) from None
    except UnicodeDecodeError as error:
        raise fault(ConfigError, "settings.no_utf8", str(path), at=error.start) from error
    if not isinstance(document, dict):
        raise fault(ConfigError, "settings.empty", str(path))
    return read_settings(document, path)


def read_settings(document: dict[str, Any], path: Path) -> Settings:
    """Settings from a document that stands (or could stand) at `path`."""
    try:
        settings = Settings(**document)
    except ValidationError as error:
        raise _wrong_setting(error, path) from None  # its cause shows what was found
    except SettingsError as error:
        named = re.search(r'"(\w+)"', str(error))
        variable = f"CONNECTOR_{named[1].upper()}" if named else "CONNECTOR_*"
        raise fault(ConfigError, "settings.odd_override", variable, variable=variable) from None
    changes = {
        "data_dir": path.parent / settings.data_dir,
        "rules": None if settings.rules is None else path.parent / settings.rules,
        "mappings": None if settings.mappings is None else path.parent / settings.mappings,
        "folder": path.parent,
        "log": LogSettings(file=None if settings.log.file is None else path.parent / settings.log.file),
    }
    _check_schedule(settings, path)
    return settings.model_copy(update=changes)


def schedule_of(settings: Settings) -> Schedule:
    """When the company's nights are due."""
    return Schedule(settings.schedule.nightly, ZoneInfo(settings.company.time_zone))


def _check_schedule(settings: Settings, path: Path) -> None:
    try:
        schedule_of(settings)
    except ConfigError as error:
        raise ConfigError(error.message, place=f"{path} {error.place}", mend=error.mend) from error


# What pydantic calls a mistake → what we do.
_MISTAKES = {
    "missing": "settings.missing", "extra_forbidden": "settings.unknown", "literal_error": "settings.not_a_choice",
}


def _wrong_setting(error: ValidationError, path: Path) -> ConfigError:
    """The first mistake, without what stood there: it may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    expected = first.get("ctx", {}).get("expected", "")
    code = _MISTAKES.get(first["type"], "settings.invalid")
    return fault(ConfigError, code, f"{path} {where}", where=where, expected=expected, problem=first["msg"])


def resolve_secret(value: str, place: str, settings: Settings, is_url: bool = False) -> str:
    """`env:NAME` or `file:PATH` → the secret. In plain text it is refused, unless it came from the environment, or is
    the url (`is_url`) of a database that needs no password."""
    if value.startswith("env:"):
        found = os.environ.get(value[4:])
        if not found:
            raise fault(ConfigError, "secrets.no_variable", place, name=value[4:])
        return found
    if value.startswith("file:"):
        return _from_file(settings.folder / value[5:], place)
    if settings.allow_plain_secrets or _is_from_environment(place, value) or (is_url and _is_open_url(value)):
        return value
    raise fault(ConfigError, "secrets.in_file", place)


def _is_from_environment(place: str, value: str) -> bool:
    """`connections.kingdee.app_secret` was set by CONNECTOR_CONNECTIONS__KINGDEE__APP_SECRET."""
    name = "CONNECTOR_" + place.replace(".", "__").upper()
    return any(key.upper() == name and found == value for key, found in os.environ.items())


def _from_file(path: Path, place: str) -> str:
    try:
        mode = path.stat().st_mode
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        shown = getattr(error, "strerror", None) or "not UTF-8"
        raise fault(ConfigError, "secrets.unreadable", place, path=path, cause=shown) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise fault(ConfigError, "secrets.for_all", place, path=path)
    return secret


def _is_open_url(value: str) -> bool:
    """A url that carries no password, neither before the host nor behind the question mark."""
    parts = urlsplit(value)
    named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return "://" in value and parts.password is None and not named & PASSWORD_KEYS
