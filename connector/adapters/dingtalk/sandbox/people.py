"""The directory: who is a user, by userid, unionId, mobile; and what the folder knows of the person.

Promises: every employee has the userid `u` + number; a second row with a number gets one of his own; the
service user and the roles that approve are users without a number; who has left is in no directory. Callers
hold the world's lock. Never here: an answer's shape.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from connector.adapters.dingtalk.sandbox.answers import Refusal
from connector.adapters.dingtalk.sandbox.sources import user_of
from connector.sandbox.world import Row, World


@dataclass(frozen=True)
class User:
    """One user; `row` is his line of employees.csv, empty for the service user and the roles."""

    userid: str
    union: str
    name: str
    row: Row

    @property
    def number(self) -> str:
        """The employee number, "" when he is none."""
        return self.row.get("number", "")

    @property
    def status(self) -> str:
        """active | leaving | left; what is not readable counts as active."""
        found = self.row.get("status", "").strip().lower()
        return found if found in ("leaving", "left") else "active"

    def cell(self, column: str) -> str:
        """A cell of his row, "" when unknown."""
        return self.row.get(column, "")


class Directory:
    """The users of one organisation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._users: dict[str, User] = {}
        self._unions: dict[str, str] = {}
        self._mobiles: dict[str, str] = {}
        self._is_stale = True
        world.watch(self._notice)

    def everybody(self) -> list[User]:
        """Every employee, those who left included, in the folder's order."""
        self._refresh()
        return [user for user in self._users.values() if user.row]

    def known(self, userid: str) -> User:
        """A user who may have left. Refusal when there never was one."""
        self._refresh()
        found = self._users.get(userid)
        if found is None and userid.startswith("role:") and len(userid) > len("role:"):
            found = self._add(userid, userid.removeprefix("role:"), {})
        if found is None:
            raise Refusal("userNotExist", "找不到该用户", errcode=60121)
        return found

    def present(self, userid: str) -> User:
        """A user of today's directory. Refusal when he is not there, or not any more."""
        found = self.known(userid)
        if found.status == "left":
            raise Refusal("userNotExist", "找不到该用户", errcode=60121)
        return found

    def by_union(self, union: str) -> User:
        """A user by his unionId. Refusal when he is not there."""
        self._refresh()
        if union not in self._unions:
            raise Refusal("unionIdNotExist", "unionId不存在", errcode=60121)
        return self.present(self._unions[union])

    def by_mobile(self, mobile: str) -> User:
        """A user by his mobile number. Refusal when nobody has it."""
        self._refresh()
        if mobile not in self._mobiles:
            raise Refusal("userNotExist", "找不到该用户", errcode=60121)
        return self.present(self._mobiles[mobile])

    def _notice(self, tables: set[str]) -> None:
        self._is_stale = self._is_stale or "employees" in tables

    def _refresh(self) -> None:
        if not self._is_stale:
            return
        roles = [user for user in self._users if user.startswith("role:")]
        self._users, self._unions, self._mobiles, self._is_stale = {}, {}, {}, False
        for row in self._world.rows("employees"):
            userid, copy = user_of(row["number"]), 1
            while userid in self._users:
                copy += 1
                userid = f"{user_of(row['number'])}-{copy}"
            self._add(userid, row["name"], row)
            if row["mobile"]:
                self._mobiles.setdefault(row["mobile"], userid)
        if self._world.service_user not in self._users:
            self._add(self._world.service_user, "财务清算服务账号", {})
        for role in roles:
            self._add(role, role.removeprefix("role:"), {})

    def _add(self, userid: str, name: str, row: Row) -> User:
        digest = hashlib.sha256(f"{self._world.name} {userid}".encode()).hexdigest()
        user = User(userid, "U" + digest[:23], name, row)
        self._users[userid] = user
        self._unions[user.union] = userid
        return user
