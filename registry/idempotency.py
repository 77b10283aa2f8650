"""Idempotency: a request sent twice with one Idempotency-Key is done once and answered the same both times.

After draft-ietf-httpapi-idempotency-key-header: another request under the same key is refused, a repetition while
the first is being answered is told so, and a finished one gets the stored answer.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from registry.database import Database
from registry.error import IdempotencyMismatch, IdempotencyPending, Refused
from registry.identity import fresh
from registry.name import short_text
from registry.schema import requests

KEPT = timedelta(hours=24)
"""How long an answer is kept."""

PATIENCE = timedelta(seconds=60)
"""A request without an answer for so long has died with its process; the next one may do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResponse:
    """An answer that was given before."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The right to do the request and to store its answer."""

    api_key: str
    idempotency_key: str
    number: str


class Idempotency:
    """The requests that carried an Idempotency-Key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, api_key: str, idempotency_key: str, *, digest: bytes, now: datetime
    ) -> Ticket | StoredResponse:
        """Begin the request: a Ticket to do it and then ``finish`` or ``abandon``, or the answer given before.

        ``digest``: SHA-256 of method, path and body. Raises IdempotencyMismatch (another request had this key) and
        IdempotencyPending (the same one is being answered).
        """
        if len(digest) != 32:
            raise Refused("The digest of a request is a SHA-256 of 32 bytes.")
        ticket = Ticket(
            api_key=api_key,
            idempotency_key=short_text(idempotency_key, what="Idempotency-Key"),
            number=fresh("rq"),
        )
        ours = (requests.c.api_key == api_key) & (requests.c.idempotency_key == idempotency_key)
        async with self._database.writing() as connection:
            await connection.execute(delete(requests).where(requests.c.expires_at <= now))
            row = (await connection.execute(select(requests).where(ours).with_for_update())).one_or_none()
            if row is not None:
                if not hmac.compare_digest(row.digest, digest):
                    raise IdempotencyMismatch("This Idempotency-Key was used for another request; make a new one.")
                if row.status is not None:
                    return StoredResponse(status=row.status, headers=row.headers or {}, body=row.body or b"")
                if now - row.begun_at < PATIENCE:
                    raise IdempotencyPending("The same request is being answered; ask again in a moment.")
                await connection.execute(
                    update(requests).where(ours).values(ticket=ticket.number, begun_at=now, expires_at=now + KEPT)
                )
                return ticket
            try:
                await connection.execute(
                    insert(requests).values(
                        api_key=api_key,
                        idempotency_key=idempotency_key,
                        digest=digest,
                        ticket=ticket.number,
                        begun_at=now,
                        expires_at=now + KEPT,
                    )
                )
            except IntegrityError as error:  # another server of a shared database was first
                raise IdempotencyPending("The same request is being answered; ask again in a moment.") from error
        return ticket

    async def finish(self, ticket: Ticket, response: StoredResponse) -> None:
        """Store the answer. Where another took the request over in the meantime, its answer stands."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(requests)
                .where(_of(ticket), requests.c.status.is_(None))
                .values(status=response.status, headers=dict(response.headers), body=response.body)
            )

    async def abandon(self, ticket: Ticket) -> None:
        """Give the request up, so that a repetition does it: nothing was changed by it."""
        async with self._database.writing() as connection:
            await connection.execute(delete(requests).where(_of(ticket), requests.c.status.is_(None)))


def _of(ticket: Ticket) -> ColumnElement[bool]:
    return and_(
        requests.c.api_key == ticket.api_key,
        requests.c.idempotency_key == ticket.idempotency_key,
        requests.c.ticket == ticket.number,
    )
