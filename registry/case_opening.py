"""A case is opened in the transaction that notes the act: nothing is done to a stream that nobody can look into."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.case import CaseAct, CaseState, needs_two
from protocols.search import words
from protocols.session import CutId, Session
from registry.schema import avatars, case_words, cases


async def open_case(
    connection: AsyncConnection,
    session: Session,
    *,
    cut: CutId | None,
    act: CaseAct,
    rule: str,
    cause: str,
    evidence: Mapping[str, Any],
    at: datetime,
    until: datetime | None,
    id: str | None = None,  # noqa: A002 - of what was done, where that is no cut
) -> str:
    """Open the case of ``cut``, in its transaction. Returns the case's id, which ends as the cut's does."""
    done = id or str(cut)
    case = f"case_{done.partition('_')[2] or done}"
    name = await connection.scalar(select(avatars.c.name).where(avatars.c.id == session.avatar)) or ""
    place = session.placement
    row = {
        "id": case,
        "act": act,
        "cut": cut,
        "session": session.id,
        "avatar": session.avatar,
        "avatar_name": name,
        "operators": list(session.operators),
        "account": session.account,
        "server": place.server if place else None,
        "app": place.app if place else None,
        "stream": place.stream if place else None,
        "rule": rule,
        "cause": cause,
        "driver": evidence.get("driver"),
        "p_human": evidence.get("p_human"),
        "policy": session.policy,
        "opened_at": at,
        "four_eyes": cut is not None and needs_two(decided_at=at, until=until),
        "state": CaseState.OPEN,
        "version": 1,
    }
    opened = await connection.execute(insert(cases).values(row).returning(cases.c.seq))
    await find_by(connection, opened.scalar_one(), _texts(row))
    return case


async def find_by(connection: AsyncConnection, seq: int, texts: Sequence[str]) -> None:
    """Let a case be found by the words of ``texts`` as well."""
    known = set(await connection.scalars(select(case_words.c.word).where(case_words.c.case == seq)))
    fresh = [{"word": word, "case": seq} for word in words(*texts) if word not in known]
    if fresh:
        await connection.execute(insert(case_words), fresh)


def _texts(row: Mapping[str, Any]) -> list[str]:
    named = ("id", "cut", "session", "avatar", "avatar_name", "account", "server", "app", "stream", "rule", "cause")
    return [*(row[name] for name in named if row[name]), *row["operators"]]
