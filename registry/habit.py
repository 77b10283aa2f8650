"""Habits: how often each operator makes each gesture unasked, as numbers, of the minutes looked through last."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert, select

from protocols.driving.form import FORMS
from protocols.driving.habit import Habit
from protocols.gesture import Gesture
from protocols.session import OperatorId
from registry.database import Database
from registry.schema import habits

Known = Mapping[Gesture, Habit]
"""What is known of one operator, by gesture."""


class Habits:
    """The habits of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, operator: OperatorId) -> Known:
        """What is remembered of ``operator``, perhaps nothing."""
        query = select(habits).where(habits.c.operator == operator)
        async with self._database.reading() as connection:
            rows = list(await connection.execute(query))
        return {gesture: _habit(gesture, row.watched, row.sizes) for row in rows for gesture in [Gesture(row.gesture)]}

    async def keep(self, operator: OperatorId, known: Known, *, at: datetime) -> None:
        """Remember ``known`` in place of what was remembered of the same gestures."""
        if not known:
            return
        rows = [
            {
                "operator": operator,
                "gesture": gesture.value,
                "watched": round(habit.watched, 1),
                "sizes": [round(size, 2) for size in habit.sizes],
                "at": at,
            }
            for gesture, habit in known.items()
        ]
        ours = (habits.c.operator == operator) & habits.c.gesture.in_([row["gesture"] for row in rows])
        async with self._database.writing() as connection:
            await connection.execute(delete(habits).where(ours))
            await connection.execute(insert(habits), rows)


def _habit(gesture: Gesture, watched: float, sizes: list[float]) -> Habit:
    return Habit(sizes=tuple(sizes), watched=watched, shape=FORMS[gesture].shape)
