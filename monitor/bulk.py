"""Registrations changed in bulk: one key or account changes so many an hour alone, more once another approves."""

from collections.abc import Callable, Sequence
from datetime import datetime

from monitor.registrar import Registrar
from protocols.avatar import AvatarSignal, AvatarState
from protocols.bulk import BatchState, EditAct, Spoken
from protocols.session import AvatarId, OperatorId
from registry.bulk import Batch
from registry.error import Conflict, Refused, RegistryError
from registry.registry import Registry
from registry.state import OperatorState

_SIGNALS = {
    EditAct.SUSPEND: AvatarSignal.SUSPEND,
    EditAct.REINSTATE: AvatarSignal.REINSTATE,
    EditAct.REVOKE: AvatarSignal.REVOKE,
}
_REACHED = {
    EditAct.SUSPEND: frozenset({AvatarState.SUSPENDED, AvatarState.REVOKED}),
    EditAct.REINSTATE: frozenset({AvatarState.APPROVED, AvatarState.ACTIVE}),
    EditAct.REVOKE: frozenset({AvatarState.REVOKED}),
}
OPERATOR = "op_"
_DONE = "done"


class Batches:
    """The batches of one service. ``alone_an_hour``: how many changes need no second person."""

    def __init__(
        self, registry: Registry, registrar: Registrar, clock: Callable[[], datetime], *, alone_an_hour: int
    ) -> None:
        self._registry = registry
        self._registrar = registrar
        self._clock = clock
        self._alone = alone_an_hour

    async def one(self, by: str) -> None:
        """Count one change that is made by itself. Raises Conflict where that is one too many within the hour."""
        if not await self._registry.bulk.spend(by, 1, alone_an_hour=self._alone, at=self._clock()):
            raise Conflict(
                f"{self._alone} registrations were changed within the hour, which is what one does alone; send the "
                "others as a batch (POST /v1/registry-batches), which another key or account approves."
            )

    async def propose(self, act: EditAct, subjects: Sequence[str], *, by: str, because: str) -> Batch:
        """Carry a batch out, or let it wait where it takes two people. Raises NotFound, Refused."""
        for subject in subjects:
            await self._check(act, subject)
        at = self._clock()
        free = await self._registry.bulk.spend(by, len(subjects), alone_an_hour=self._alone, at=at)
        batch = await self._registry.bulk.propose(act, subjects, by=by, because=because, at=at, approved=free)
        return await self._carried_out(batch) if free else batch

    async def settle(self, batch: str, *, by: str, approves: bool, because: str) -> Batch:
        """Approve, which carries it out, or reject. Raises NotFound, Conflict."""
        spoken = Spoken(by=by, approves=approves)
        found = await self._registry.bulk.settle(batch, spoken, because=because, at=self._clock())
        return await self._carried_out(found) if found.state is BatchState.APPROVED else found

    async def _carried_out(self, batch: Batch) -> Batch:
        """Do each; one that is refused keeps none of the others."""
        outcome: dict[str, str] = {}
        because = f"{batch.because} (batch {batch.id}, proposed by {batch.by})"
        for subject in batch.subjects:
            try:
                await self._edit(batch.act, subject, by=batch.settled_by or batch.by, because=because)
            except RegistryError as refused:
                outcome[subject] = str(refused)
            else:
                outcome[subject] = _DONE
        return await self._registry.bulk.finish(batch.id, outcome, at=self._clock())

    async def _edit(self, act: EditAct, subject: str, *, by: str, because: str) -> None:
        if subject.startswith(OPERATOR):
            await self._registry.operators.revoke(OperatorId(subject), by=by, because=because, at=self._clock())
            return
        avatar = await self._registry.avatars.get(AvatarId(subject))
        if avatar.state not in _REACHED[act]:  # what was broken off is carried on
            await self._registrar.move(avatar.id, _SIGNALS[act], by=by, because=because)

    async def _check(self, act: EditAct, subject: str) -> None:
        if not subject.startswith(OPERATOR):
            await self._registry.avatars.get(AvatarId(subject))
            return
        operator = await self._registry.operators.get(OperatorId(subject))
        if act is not EditAct.REVOKE or operator.state is OperatorState.REVOKED:
            raise Refused(f"Operator {subject} can be revoked, once, and nothing else.")
