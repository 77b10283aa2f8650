"""Which cases are asked for: filters, each with its index, and words, by an index of our own.

A word that few cases have is looked up and its cases are taken; one that many have is looked for on the way from the
newest down, where it soon turns up. Either way the time does not grow with the number of cases.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.case import CaseState
from protocols.search import LONGEST, asked
from registry.page import read_cursor
from registry.schema import case_words, cases

_FEW = 2000
_LAST = "\U0010ffff"
"""Sorts behind every character that a word may go on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What is asked for; None of a field: any. ``since`` is meant inclusively, ``before`` is not."""

    states: tuple[CaseState, ...] = ()
    rule: str | None = None
    avatar: str | None = None
    operator: str | None = None
    server: str | None = None
    session: str | None = None
    account: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    text: str | None = None


async def query(connection: AsyncConnection, wanted: CaseFilter, cursor: str | None) -> Select[Any]:
    """The query for what is ``wanted``, newest first, behind ``cursor``. Raises Refused for a cursor that is none."""
    found = select(cases).order_by(cases.c.seq.desc())
    for name in ("rule", "avatar", "server", "session", "account"):
        if (value := getattr(wanted, name)) is not None:
            found = found.where(cases.c[name] == value)
    if wanted.states:
        found = found.where(cases.c.state.in_(wanted.states))
    if wanted.since is not None:
        found = found.where(cases.c.opened_at >= wanted.since)
    if wanted.before is not None:
        found = found.where(cases.c.opened_at < wanted.before)
    for condition in _conditions(wanted):
        found = found.where(await _has(connection, condition))
    return found if cursor is None else found.where(cases.c.seq < read_cursor(cursor))


def _conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """Conditions on a word: an operator's id, and the words that were asked for, of which the last may go on."""
    conditions = [] if wanted.operator is None else [_is(wanted.operator.casefold())]
    terms = asked(wanted.text or "")
    if (wanted.text or "").strip() and not terms:  # nothing but signs, which no case is found by
        return [*conditions, _is("")]
    conditions += [_is(term) for term in terms[:-1]]
    return conditions + [_begins(term) for term in terms[-1:]]


def _is(word: str) -> ColumnElement[bool]:
    return case_words.c.word == word[:LONGEST]


def _begins(word: str) -> ColumnElement[bool]:
    return and_(case_words.c.word >= word, case_words.c.word < word + _LAST)


async def _has(connection: AsyncConnection, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    few = select(case_words.c.case).where(condition).limit(_FEW + 1)
    count = await connection.scalar(select(func.count()).select_from(few.subquery()))
    if count is not None and count <= _FEW:
        return cases.c.seq.in_(select(case_words.c.case).where(condition))
    return exists().where(case_words.c.case == cases.c.seq, condition)
