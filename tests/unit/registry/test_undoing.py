"""Whoever was cut wrongly is told so, once, whenever they come again."""

from datetime import timedelta

from tests.unit.registry.conftest import NOW, Studio
from tests.unit.registry.test_strike import a_cut

LATER = NOW + timedelta(days=20)


async def test_the_roster_of_an_undone_cut_waits_to_be_told_and_is_told_once(studio: Studio) -> None:
    session, undoings = await studio.attach(), studio.registry.undoings
    [operator] = session.operators
    cut = await a_cut(studio, session)
    assert await undoings.waiting([operator]) == ()
    for _ in range(2):
        await studio.registry.cuts.restore(cut.id, at=LATER)
    assert await undoings.waiting([]) == ()
    assert await undoings.waiting(["op_x"]) == ()
    [undoing] = await undoings.waiting([operator, "op_x"])
    assert (undoing.cut, undoing.operator, undoing.cut_at, undoing.at) == (cut.id, operator, NOW, LATER)
    await undoings.told(undoing, at=LATER)
    assert await undoings.waiting([operator]) == ()
    await studio.registry.cuts.restore(cut.id, at=LATER)
    assert await undoings.waiting([operator]) == ()
