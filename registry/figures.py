"""Figures: what was done, decided, appealed against and reported over a span of time, for the transparency report."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.case import DECIDED, CaseState
from protocols.transparency import AppealFigures, CaseFigures, Figures, ReportFigures, spread
from registry.database import Database
from registry.error import Refused
from registry.schema import appeals, cases, cuts, reports
from registry.state import AppealOutcome, CutState


class Transparency:
    """Counts over the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def figures(self, since: datetime, before: datetime) -> Figures:
        """The figures of what began in ``since`` ≤ t < ``before``. Raises Refused for a span that is none."""
        if before <= since:
            raise Refused("The end of a report lies after its beginning; give a later end.")
        async with self._database.reading() as connection:
            return Figures(
                since=since,
                before=before,
                cases=await _cases(connection, since, before),
                appeals=await _appeals(connection, since, before),
                reports=await _reports(connection, since, before),
            )


async def _cases(connection: AsyncConnection, since: datetime, before: datetime) -> CaseFigures:
    told = (cases.c.act, cases.c.rule, cases.c.state, cases.c.opened_at, cases.c.decided_at, cuts.c.seconds)
    query = (
        select(*told, cuts.c.state.label("cut_state"), cuts.c.decided_by.label("cut_by"))
        .outerjoin(cuts, cuts.c.id == cases.c.cut)
        .where(cases.c.opened_at >= since, cases.c.opened_at < before)
    )
    rows = (await connection.execute(query)).all()
    decided = [row for row in rows if row.state in DECIDED and row.decided_at is not None]
    overturned = sum(row.state is CaseState.OVERTURNED for row in decided)
    return CaseFigures(
        opened=len(rows),
        by_rule=_counted(row.rule for row in rows),
        by_act=_counted(row.act.value for row in rows),
        by_state=_counted(row.state.value for row in rows),
        automated=sum(not str(row.cut_by or "").startswith(("key_", "acc_")) for row in rows),
        restored=sum(row.cut_state is CutState.RESTORED for row in rows),
        decided=len(decided),
        overturned=overturned,
        overturn_rate=overturned / len(decided) if decided else None,
        decision_s=spread([_seconds(row.opened_at, row.decided_at) for row in decided]),
        cut_s=spread([row.seconds for row in rows if row.seconds is not None]),
    )


async def _appeals(connection: AsyncConnection, since: datetime, before: datetime) -> AppealFigures:
    rows = (await connection.execute(select(appeals).where(appeals.c.at >= since, appeals.c.at < before))).all()
    decided = [row for row in rows if row.decided_at is not None]
    return AppealFigures(
        filed=len(rows),
        fast=sum(row.fast for row in rows),
        granted=sum(row.outcome is AppealOutcome.GRANTED for row in rows),
        rejected=sum(row.outcome is AppealOutcome.REJECTED for row in rows),
        in_time=sum(row.decided_at <= row.due_at for row in decided),
        decision_s=spread([_seconds(row.at, row.decided_at) for row in decided]),
    )


async def _reports(connection: AsyncConnection, since: datetime, before: datetime) -> ReportFigures:
    rows = (await connection.execute(select(reports).where(reports.c.at >= since, reports.c.at < before))).all()
    answered = [row for row in rows if row.answered_at is not None]
    return ReportFigures(
        filed=len(rows),
        by_kind=_counted(row.kind.value for row in rows),
        answered=len(answered),
        in_time=sum(row.answered_at <= row.due_at for row in answered),
        answer_s=spread([_seconds(row.at, row.answered_at) for row in answered]),
    )


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
