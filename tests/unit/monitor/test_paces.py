"""How long the operators who are there have, and what is remembered of how long they took."""

from monitor.paces import Paces
from protocols.policy import ChallengePolicy
from protocols.reaction import ENOUGH, Kind
from registry.error import Unavailable

POLICY = ChallengePolicy()
SLOW, QUICK = {Kind.GESTURE: (5.0,) * ENOUGH}, {Kind.GESTURE: (0.9,) * ENOUGH}


async def test_whoever_answers_has_the_time_of_the_slowest_and_the_floor_of_the_fastest() -> None:
    kept: list[tuple[str, Kind, float]] = []

    async def keep(operator: str, kind: Kind, seconds: float) -> None:
        kept.append((operator, kind, seconds))

    paces = Paces(POLICY, {"slow": SLOW, "quick": QUICK}, keep)
    assert paces.within(Kind.GESTURE, ()) == POLICY.within_s
    assert paces.soonest(Kind.GESTURE, ()) == 0.2
    assert paces.within(Kind.GESTURE, ("slow", "quick")) == 8.5
    assert paces.soonest(Kind.GESTURE, ("slow", "quick")) == 0.45
    assert paces.within(Kind.GESTURE, ("slow", "stranger")) == 8.5
    for _ in range(ENOUGH):
        await paces.took("stranger", Kind.DIGITS, 20.0)
    assert kept == [("stranger", Kind.DIGITS, 20.0)] * ENOUGH
    assert paces.within(Kind.DIGITS, ("stranger",)) == 31.0


async def test_what_cannot_be_remembered_stops_nothing() -> None:
    async def keep(operator: str, kind: Kind, seconds: float) -> None:
        raise Unavailable("the database is away")

    paces = Paces(POLICY, {}, keep)
    for _ in range(ENOUGH):
        await paces.took("ann", Kind.GESTURE, 3.0)
    assert paces.within(Kind.GESTURE, ("ann",)) == 5.5
