"""Sign-ins: an account is signed in on one browser, for a short while.

The cookie's token is kept nowhere; its hash is.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from registry.account import Account, account_of
from registry.database import Database
from registry.error import NotFound
from registry.identity import fresh
from registry.schema import accounts, signins
from registry.state import SignInMethod

_TOKEN_BYTES = 32
_LONGEST_TOKEN = 64
_SEEN_EVERY = timedelta(seconds=30)  # more often would be a write for each request


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a sign-in lasts: ``idle`` without a request, ``longest`` in all; ``fresh`` after a step-up."""

    idle: timedelta
    longest: timedelta
    fresh: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """An account that is signed in. ``stepped_up_at``: when its person was last asked for, by passkey or provider;
    ``provider``: the name of the OpenID provider that it signed in by."""

    id: str
    account: Account
    method: SignInMethod
    begun_at: datetime
    seen_at: datetime
    stepped_up_at: datetime | None
    provider: str | None

    def fresh(self, now: datetime, patience: Patience) -> bool:
        """Whether the person was asked for recently enough for what hurts."""
        return self.stepped_up_at is not None and now - self.stepped_up_at <= patience.fresh

    def ends_at(self, patience: Patience) -> datetime:
        """When it ends if nothing more is asked."""
        return min(self.seen_at + patience.idle, self.begun_at + patience.longest)


class SignIns:
    """The sign-ins of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self,
        account: str,
        method: SignInMethod,
        *,
        at: datetime,
        stepped_up_at: datetime | None,
        provider: str | None = None,
    ) -> tuple[SignIn, str]:
        """Sign an account in; the sign-in and the token for its cookie, which cannot be had again.

        ``stepped_up_at``: when the person was asked for, which counts as a step-up; None where that is not known.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        signin = fresh("sgn")
        async with self._database.writing() as connection:
            await connection.execute(
                insert(signins).values(
                    id=signin,
                    account=account,
                    digest=_digest(token),
                    method=method,
                    begun_at=at,
                    seen_at=at,
                    stepped_up_at=stepped_up_at,
                    provider=provider,
                )
            )
            row = (await connection.execute(_QUERY.where(signins.c.id == signin))).one()
        return _signin(row), token

    async def of(self, token: str, *, now: datetime, patience: Patience) -> SignIn | None:
        """Who is signed in by a token, and has been seen now; None where that is over, whatever ended it."""
        if not 0 < len(token) <= _LONGEST_TOKEN:
            return None
        async with self._database.reading() as connection:
            row = (await connection.execute(_QUERY.where(signins.c.digest == _digest(token)))).one_or_none()
        if row is None or row.ended_at is not None:
            return None
        found = _signin(row)
        if not found.account.active or now >= found.ends_at(patience):
            return None
        if now - found.seen_at >= _SEEN_EVERY:
            async with self._database.writing() as connection:
                await connection.execute(update(signins).where(signins.c.id == found.id).values(seen_at=now))
        return found

    async def step_up(self, signin: str, *, at: datetime) -> None:
        """Note that the account's person was just asked for. Raises NotFound where the sign-in has ended."""
        ours = (signins.c.id == signin) & signins.c.ended_at.is_(None)
        async with self._database.writing() as connection:
            changed = await connection.execute(update(signins).where(ours).values(stepped_up_at=at))
        if changed.rowcount != 1:
            raise NotFound("This sign-in has ended; sign in again.")

    async def end(self, signin: str, *, at: datetime) -> None:
        """Sign out; doing it again changes nothing."""
        ours = (signins.c.id == signin) & signins.c.ended_at.is_(None)
        async with self._database.writing() as connection:
            await connection.execute(update(signins).where(ours).values(ended_at=at))

    async def end_all(self, account: str, *, at: datetime) -> None:
        """Sign an account out everywhere."""
        ours = (signins.c.account == account) & signins.c.ended_at.is_(None)
        async with self._database.writing() as connection:
            await connection.execute(update(signins).where(ours).values(ended_at=at))


_QUERY = select(
    signins.c.id,
    signins.c.method,
    signins.c.begun_at,
    signins.c.seen_at,
    signins.c.stepped_up_at,
    signins.c.ended_at,
    signins.c.provider,
    *(column.label(f"account_{column.name}") for column in accounts.c),
).join(accounts, accounts.c.id == signins.c.account)


def _digest(token: str) -> bytes:
    # A plain hash serves: the token has 256 random bits.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _signin(row: Row[Any]) -> SignIn:
    return SignIn(
        id=row.id,
        account=account_of(row, prefix="account_"),
        method=row.method,
        begun_at=row.begun_at,
        seen_at=row.seen_at,
        stepped_up_at=row.stepped_up_at,
        provider=row.provider,
    )
