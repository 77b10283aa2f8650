"""Accounts: the people who moderate, each with a role. An account has a handle that colleagues know, never a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.apikey import Scope
from registry.database import Database, alone
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.name import comparison_key, display_name
from registry.schema import accounts
from registry.state import AccountState, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in to the console. ``created_by``: an account, an API key or the command line.

    ``issuer`` is the OpenID provider that the account is of, which gives it its role; None where it has passkeys.
    """

    id: str
    name: str
    role: Role
    state: AccountState
    created_at: datetime
    created_by: str
    issuer: str | None = None

    @property
    def active(self) -> bool:
        """Whether the account may sign in."""
        return self.state is AccountState.ACTIVE

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the role allows."""
        return SCOPES[self.role]


_VIEWING = frozenset(
    {
        Scope.SESSIONS_READ,
        Scope.CUTS_READ,
        Scope.CASES_READ,
        Scope.AVATARS_READ,
        Scope.OPERATORS_READ,
        Scope.POLICIES_READ,
    }
)
_MODERATING = _VIEWING | {Scope.CASES_DECIDE}
_REGISTERING = frozenset(
    {Scope.AVATARS_REVIEW, Scope.AVATARS_WRITE, Scope.OPERATORS_WRITE, Scope.SESSIONS_WRITE, Scope.CUTS_RESTORE}
)
SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.VIEWER: _VIEWING,
    Role.MODERATOR: _MODERATING,
    Role.SENIOR: _MODERATING | _REGISTERING,
    Role.AUDITOR: _VIEWING | {Scope.LEDGER_READ, Scope.METRICS_READ},
    Role.ADMIN: frozenset({Scope.ADMIN}),
}
"""What each role may do over the API."""


class Accounts:
    """The accounts of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, *, name: str, role: Role, by: str, at: datetime) -> Account:
        """A new account, which has no way to sign in yet. Raises Conflict where the handle is taken."""
        account = fresh("acc")
        shown = display_name(name, what="account's handle")
        async with self._database.writing() as connection:
            await alone(connection, "accounts")
            taken = select(accounts.c.id).where(accounts.c.name_key == comparison_key(shown))
            if (other := await connection.scalar(taken)) is not None:
                raise Conflict(f"There is an account '{shown}' already; choose another handle.", other=other)
            await connection.execute(
                insert(accounts).values(
                    id=account,
                    name=shown,
                    name_key=comparison_key(shown),
                    role=role,
                    state=AccountState.ACTIVE,
                    created_at=at,
                    created_by=by,
                )
            )
            return await _one(connection, account)

    async def of_subject(
        self, subject: bytes, *, provider: str, issuer: str, role: Role, at: datetime
    ) -> tuple[Account, Role | None]:
        """The account of whom an OpenID provider names, made where there is none, with the role that it has there now;
        and the role before, None where it is new.

        ``subject`` is the digest of issuer and subject. Raises Refused where no active administrator would be left.
        """
        async with self._database.writing() as connection:
            await alone(connection, "accounts")
            row = (await connection.execute(select(accounts).where(accounts.c.subject == subject))).one_or_none()
            if row is not None:
                before = account_of(row)
                await _put(connection, before, {"role": role, "state": before.state})
                return await _one(connection, before.id), before.role
            account = fresh("acc")
            name = f"{provider}-{account.partition('_')[2]}"  # of the person nothing is known, nor is to be
            await connection.execute(
                insert(accounts).values(
                    id=account,
                    name=name,
                    name_key=comparison_key(name),
                    role=role,
                    state=AccountState.ACTIVE,
                    created_at=at,
                    created_by=issuer,
                    issuer=issuer,
                    subject=subject,
                )
            )
            return await _one(connection, account), None

    async def find_subject(self, subject: bytes) -> Account | None:
        """The account of whom an OpenID provider names, if there is one."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(accounts).where(accounts.c.subject == subject))).one_or_none()
        return None if row is None else account_of(row)

    async def get(self, account: str) -> Account:
        """The account, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, account)

    async def named(self, name: str) -> Account:
        """The account of a handle, or NotFound."""
        query = select(accounts).where(accounts.c.name_key == comparison_key(name))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound(f"There is no account '{name}'.")
        return account_of(row)

    async def list(self) -> tuple[Account, ...]:
        """Every account, oldest first, the suspended ones included."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(accounts).order_by(accounts.c.seq))
            return tuple(account_of(row) for row in rows)

    async def change(self, account: str, *, role: Role | None = None, state: AccountState | None = None) -> Account:
        """Give another role, suspend or reinstate.

        Raises Refused where no active administrator would be left, or where the role is its provider's to give.
        """
        async with self._database.writing() as connection:
            await alone(connection, "accounts")
            before = await _one(connection, account)
            if before.issuer is not None and role not in (None, before.role):
                raise Refused(f"The role of this account is given at {before.issuer}; change it there.")
            await _put(connection, before, {"role": role or before.role, "state": state or before.state})
            return await _one(connection, account)


async def _put(connection: AsyncConnection, before: Account, after: Mapping[str, Any]) -> None:
    stays = after == {"role": Role.ADMIN, "state": AccountState.ACTIVE}
    if _leads(before) and not stays and await _leaders(connection) == 1:
        raise Refused("This is the last active administrator; make another one first.")
    await connection.execute(update(accounts).where(accounts.c.id == before.id).values(after))


def _leads(account: Account) -> bool:
    return account.active and account.role is Role.ADMIN


async def _leaders(connection: AsyncConnection) -> int:
    leading = (accounts.c.role == Role.ADMIN) & (accounts.c.state == AccountState.ACTIVE)
    return await connection.scalar(select(func.count()).select_from(accounts).where(leading)) or 0


async def _one(connection: AsyncConnection, account: str) -> Account:
    row = (await connection.execute(select(accounts).where(accounts.c.id == account))).one_or_none()
    if row is None:
        raise NotFound(f"There is no account {account}.")
    return account_of(row)


def account_of(row: Row[Any], prefix: str = "") -> Account:
    """The account of a row whose columns are named with ``prefix``."""
    names = ("id", "name", "role", "state", "created_at", "created_by", "issuer")
    return Account(**{name: getattr(row, prefix + name) for name in names})
