"""Sessions: which broadcasts are monitored, by which owner (epoch), and where each stands."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.session import (
    FINAL,
    AvatarId,
    Feed,
    OperatorId,
    Placement,
    Session,
    SessionId,
    SessionState,
    SourceKind,
)
from registry.avatar import bars_of
from registry.database import Database
from registry.error import Conflict, NotFound, Refused, SessionConflict, StaleEpoch
from registry.identity import fresh
from registry.name import short_text
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.policy import version_number
from registry.schema import avatars, operators, policies, rosters, sessions
from registry.state import OperatorState

LARGEST_ROSTER = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A session, since when and why it is in its state, and the summary of its latest verdict."""

    session: Session
    since: datetime
    because: str | None
    verdict: Mapping[str, Any] | None
    verdict_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A service's hold on a session: until then nobody else takes it up. Services' clocks must agree to a second."""

    holder: str
    until: datetime


class Sessions:
    """The sessions of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        *,
        feed: Feed,
        avatar: AvatarId,
        operators: Sequence[OperatorId],
        policy: str,
        at: datetime,
        callback_url: str | None = None,
        placement: Placement | None = None,
        account: str = "",
        lease: Lease | None = None,
    ) -> Session:
        """Attach a stream: a new session, PENDING, epoch 1. ``policy`` is ``name@version``.

        Raises SessionConflict, naming the other session, where the same live stream or placement is attached already
        (a file is no live stream and may be attached often); NotFound for an avatar, operator or policy that is not
        registered; Refused for an avatar that is not active or an operator that is revoked.
        """
        session = SessionId(fresh("ses"))
        if not 0 <= len(operators) <= LARGEST_ROSTER or len(set(operators)) != len(operators):
            raise Refused(f"A roster names at most {LARGEST_ROSTER} operators, each once.")
        values = {
            "id": session,
            "kind": feed.kind,
            "url": feed.url,
            "source": source_key(feed),
            **_place(placement),
            "avatar": avatar,
            "policy_name": policy.partition("@")[0],
            "policy_version": version_number(policy),
            "state": SessionState.PENDING,
            "since": at,
            "epoch": 1,
            "account": short_text(account, what="account") if account else "",
            "callback_url": callback_url,
            "attached_at": at,
            **_leased(lease),
        }
        async with self._database.writing() as connection:
            await _present(connection, avatar, operators, policy, at)
            if (other := await _attached(connection, values)) is not None:
                raise _twice(other)
            try:
                await connection.execute(insert(sessions).values(values))
            except IntegrityError as error:  # another server of a shared database was first
                raise SessionConflict("This stream has just been attached by another request.") from error
            if operators:
                await connection.execute(
                    insert(rosters),
                    [
                        {"session": session, "position": position, "operator": operator}
                        for position, operator in enumerate(operators)
                    ],
                )
            return (await _one(connection, session)).session

    async def get(self, session: SessionId) -> Session:
        """The session, or NotFound."""
        return (await self.standing(session)).session

    async def epoch(self, session: SessionId) -> int:
        """The epoch of the session's present owner, or NotFound."""
        async with self._database.reading() as connection:
            epoch: int | None = await connection.scalar(select(sessions.c.epoch).where(sessions.c.id == session))
        if epoch is None:
            raise NotFound(f"There is no session {session}.")
        return epoch

    async def standing(self, session: SessionId) -> Standing:
        """The session and where it stands, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, session)

    async def list(
        self,
        *,
        states: Collection[SessionState] | None = None,
        avatar: AvatarId | None = None,
        account: str | None = None,
        operator: OperatorId | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Standing]:
        """Sessions, newest first; ``operator``: those that the operator is on the roster of.

        ``since`` ≤ t < ``before``: when they were attached.
        """
        query = select(sessions).order_by(sessions.c.seq.desc()).limit(page_size(limit) + 1)
        if states is not None:
            query = query.where(sessions.c.state.in_(tuple(states)))
        if avatar is not None:
            query = query.where(sessions.c.avatar == avatar)
        if account is not None:
            query = query.where(sessions.c.account == account)
        if since is not None:
            query = query.where(sessions.c.attached_at >= since)
        if before is not None:
            query = query.where(sessions.c.attached_at < before)
        if operator is not None:
            query = query.where(sessions.c.id.in_(select(rosters.c.session).where(rosters.c.operator == operator)))
        if cursor is not None:
            query = query.where(sessions.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            items = await _standings(connection, rows[:limit])
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=items, next=more)

    async def open(self) -> tuple[Session, ...]:
        """Sessions that have not ended, oldest first: those to take up again after a restart."""
        query = select(sessions).where(sessions.c.ended_at.is_(None)).order_by(sessions.c.seq)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            return tuple(standing.session for standing in await _standings(connection, rows))

    async def barred(self, *, at: datetime) -> Mapping[SessionId, str]:
        """Sessions that have not ended and whose avatar may not be on air at ``at``, each with the reason."""
        query = select(sessions.c.id, sessions.c.avatar).where(sessions.c.ended_at.is_(None))
        async with self._database.reading() as connection:
            live = (await connection.execute(query)).all()
            bars = await bars_of(connection, {row.avatar for row in live}, at)
        return {SessionId(row.id): bars[row.avatar] for row in live if row.avatar in bars}

    async def free(self, holder: str, *, now: datetime, own: bool = True) -> tuple[Session, ...]:
        """Open sessions that ``holder`` may claim, oldest first: nobody's, those of others whose lease has run out, and
        its ``own``."""
        others = (sessions.c.held_until <= now) & (sessions.c.holder != holder)
        anybody = or_(sessions.c.holder.is_(None), others, (sessions.c.holder == holder) & own)
        query = select(sessions).where(sessions.c.ended_at.is_(None), anybody).order_by(sessions.c.seq)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            return tuple(standing.session for standing in await _standings(connection, rows))

    async def renew(self, lease: Lease) -> frozenset[SessionId]:
        """Renew the lease of every open session that its holder still has; which those are."""
        ours = (sessions.c.holder == lease.holder) & sessions.c.ended_at.is_(None)
        async with self._database.writing() as connection:
            await connection.execute(update(sessions).where(ours).values(held_until=lease.until))
            return frozenset(SessionId(row.id) for row in await connection.execute(select(sessions.c.id).where(ours)))

    async def claim(self, session: SessionId, lease: Lease | None = None, *, now: datetime | None = None) -> Session:
        """Become the owner: the session with the next epoch, which fences out whoever had it before.

        With ``now`` another's lease that has not run out by then is respected. Raises Conflict there, and where the
        session has ended.
        """
        async with self._database.writing() as connection:
            present = await _locked(connection, session)
            if present.state in FINAL:
                raise Conflict(f"Session {session} has ended ({present.state}); attach the stream anew.", other=session)
            if lease is not None and now is not None:
                await _refuse_held(connection, session, lease.holder, now)
            await connection.execute(
                update(sessions).where(sessions.c.id == session).values(epoch=sessions.c.epoch + 1, **_leased(lease))
            )
            return (await _one(connection, session)).session

    async def move(
        self, session: SessionId, state: SessionState, *, because: str | None = None, epoch: int, at: datetime
    ) -> Session:
        """Bring the session to ``state``; asking for the state that it is in already changes nothing.

        Raises StaleEpoch for an owner that lost it, Conflict where it has ended.
        """
        async with self._database.writing() as connection:
            present = await _owned(connection, session, epoch)
            if present.state is state:
                return present
            if present.state in FINAL:
                raise Conflict(f"Session {session} has ended ({present.state}) and stays so.", other=session)
            ended = at if state in FINAL else None
            await connection.execute(
                update(sessions)
                .where(sessions.c.id == session)
                .values(state=state, because=because, since=at, ended_at=ended)
            )
            return (await _one(connection, session)).session

    async def note_verdict(self, session: SessionId, summary: Mapping[str, Any], *, epoch: int, at: datetime) -> None:
        """Keep the summary of the latest verdict (JSON). Raises StaleEpoch for an owner that lost the session."""
        async with self._database.writing() as connection:
            await _owned(connection, session, epoch)
            await connection.execute(
                update(sessions).where(sessions.c.id == session).values(verdict=dict(summary), verdict_at=at)
            )


def stream_name(session: Session) -> str:
    """What a session's broadcast is called: its place on a media server, or where it comes from, or the session."""
    place = session.placement
    return f"{place.server}/{place.app}/{place.stream}" if place is not None else source_key(session.feed) or session.id


async def _refuse_held(connection: AsyncConnection, session: SessionId, holder: str, now: datetime) -> None:
    held = select(sessions.c.id).where(
        sessions.c.id == session,
        sessions.c.holder.is_not(None),
        sessions.c.holder != holder,
        sessions.c.held_until > now,
    )
    if await connection.scalar(held) is not None:
        raise Conflict(f"Session {session} is held by another service; its lease has not run out.", other=session)


def _leased(lease: Lease | None) -> dict[str, Any]:
    return (
        {"holder": None, "held_until": None} if lease is None else {"holder": lease.holder, "held_until": lease.until}
    )


def source_key(feed: Feed) -> str | None:
    """What tells one live stream from another: the URL without what does not matter to the server.

    None where nothing does: a WHIP publisher comes to us, and a file is no live stream.
    """
    if feed.url is None or feed.kind in (SourceKind.WHIP, SourceKind.FILE):
        return None
    parts = urlsplit(feed.url)
    # Only scheme and host are free of case (RFC 3986, 6.2.2.1).
    host = parts.netloc.rpartition("@")[2].lower()
    return parts._replace(scheme=parts.scheme.lower(), netloc=host, fragment="").geturl()


async def require_epoch(connection: AsyncConnection, session: SessionId, epoch: int) -> Session:
    """The session, held until the transaction ends, if ``epoch`` is its own. Raises StaleEpoch, NotFound."""
    return await _owned(connection, session, epoch)


def _place(placement: Placement | None) -> dict[str, str | None]:
    if placement is None:
        return {"server": None, "app": None, "stream": None}
    return {"server": placement.server, "app": placement.app, "stream": placement.stream}


async def _present(
    connection: AsyncConnection, avatar: AvatarId, roster: Sequence[OperatorId], policy: str, at: datetime
) -> None:
    """Check that what a session names is registered and may be used."""
    if await connection.scalar(select(avatars.c.id).where(avatars.c.id == avatar)) is None:
        raise NotFound(f"No avatar {avatar} is registered; register it before its stream is attached.")
    if (bar := (await bars_of(connection, [avatar], at)).get(avatar)) is not None:
        raise Refused(f"Avatar {avatar} {bar}; it may not go on air.")
    found = await connection.execute(select(operators.c.id, operators.c.state).where(operators.c.id.in_(roster)))
    states = {row.id: row.state for row in found}
    for operator in roster:
        if operator not in states:
            raise NotFound(f"No operator {operator} is enrolled; enrol the person before the stream is attached.")
        if states[operator] is OperatorState.REVOKED:
            raise Refused(f"Operator {operator} is revoked and may not drive.")
    name, version = policy.partition("@")[0], version_number(policy)
    exact = select(policies.c.version).where(policies.c.name == name, policies.c.version == version)
    if await connection.scalar(exact) is None:
        raise NotFound(f"There is no policy {policy}.")


async def _attached(connection: AsyncConnection, values: Mapping[str, Any]) -> str | None:
    live = select(sessions.c.id).where(sessions.c.ended_at.is_(None)).limit(1)
    if values["source"] is not None:
        other: str | None = await connection.scalar(live.where(sessions.c.source == values["source"]))
        if other is not None:
            return other
    if values["server"] is not None:
        place = [sessions.c[column] == values[column] for column in ("server", "app", "stream")]
        return await connection.scalar(live.where(*place))
    return None


def _twice(other: str) -> SessionConflict:
    return SessionConflict(f"This stream is attached already, as session {other}; end that one first.", other=other)


async def _locked(connection: AsyncConnection, session: SessionId) -> Session:
    """The session, which no other transaction changes before this one ends."""
    row = (await connection.execute(select(sessions).where(sessions.c.id == session).with_for_update())).one_or_none()
    if row is None:
        raise NotFound(f"There is no session {session}.")
    return (await _standings(connection, [row]))[0].session


async def _owned(connection: AsyncConnection, session: SessionId, epoch: int) -> Session:
    present = await _locked(connection, session)
    if present.epoch != epoch:
        raise StaleEpoch(
            f"Session {session} is at epoch {present.epoch}, the command at {epoch}: another owner has it now.",
            other=session,
        )
    return present


async def _one(connection: AsyncConnection, session: SessionId) -> Standing:
    rows = (await connection.execute(select(sessions).where(sessions.c.id == session))).all()
    if not rows:
        raise NotFound(f"There is no session {session}.")
    return (await _standings(connection, rows))[0]


async def _standings(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> tuple[Standing, ...]:
    roster: dict[str, list[OperatorId]] = {}
    of_them = select(rosters).where(rosters.c.session.in_([row.id for row in rows])).order_by(rosters.c.position)
    for entry in await connection.execute(of_them):
        roster.setdefault(entry.session, []).append(OperatorId(entry.operator))
    return tuple(_standing(row, tuple(roster.get(row.id, ()))) for row in rows)


def _standing(row: Row[Any], roster: tuple[OperatorId, ...]) -> Standing:
    placement = None
    if row.server is not None:
        placement = Placement(server=row.server, app=row.app, stream=row.stream)
    session = Session(
        id=SessionId(row.id),
        feed=Feed(kind=row.kind, url=row.url),
        avatar=AvatarId(row.avatar),
        operators=roster,
        policy=f"{row.policy_name}@{row.policy_version}",
        state=row.state,
        epoch=row.epoch,
        attached_at=row.attached_at,
        callback_url=row.callback_url,
        placement=placement,
        ended_at=row.ended_at,
        ended_because=row.because if row.ended_at is not None else None,
        account=row.account,
    )
    return Standing(
        session=session, since=row.since, because=row.because, verdict=row.verdict, verdict_at=row.verdict_at
    )
