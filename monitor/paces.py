"""Paces: how long the operators of one session have for an answer, and what becomes of how long they took."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog

from protocols.policy import ChallengePolicy
from protocols.reaction import KEPT, Kind, soonest, usual, within
from registry.error import RegistryError

_log = structlog.get_logger()

Keep = Callable[[str, Kind, float], Awaitable[None]]
"""``keep(operator, kind, seconds)`` remembers a reaction. Raises RegistryError."""


class Paces:
    """The reactions of the operators of one session; ``histories`` as the registry has them."""

    def __init__(
        self, policy: ChallengePolicy, histories: Mapping[str, Mapping[Kind, Sequence[float]]], keep: Keep
    ) -> None:
        self._policy = policy
        self._seconds = {operator: dict(history) for operator, history in histories.items()}
        self._keep = keep

    def within(self, kind: Kind, present: Collection[str]) -> float:
        """Seconds for an answer of whoever of ``present`` will give it: those of the slowest."""
        found = [within(kind, self._of(operator, kind), self._policy) for operator in present]
        return max(found, default=usual(kind, self._policy))

    def soonest(self, kind: Kind, present: Collection[str]) -> float:
        """Seconds before which nothing is an answer: those of the fastest."""
        return min((soonest(kind, self._of(operator, kind)) for operator in present), default=soonest(kind, ()))

    async def took(self, operator: str, kind: Kind, seconds: float) -> None:
        """An answer that counted took ``seconds``. What cannot be remembered now is not: it is a habit, no evidence."""
        history = self._seconds.setdefault(operator, {})
        history[kind] = (*history.get(kind, ()), seconds)[-KEPT:]
        try:
            await self._keep(operator, kind, seconds)
        except RegistryError as failure:
            _log.warning("reaction.lost", operator=operator, because=str(failure))

    def _of(self, operator: str, kind: Kind) -> Sequence[float]:
        return self._seconds.get(operator, {}).get(kind, ())
