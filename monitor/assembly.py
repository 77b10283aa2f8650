"""The assembly: from a session's row to its pipeline, each part made for it and given what it needs."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from monitor.budget import WindowBudget
from monitor.desk import Desk
from monitor.egress import EgressPolicy
from monitor.enforcement import Enforcement
from monitor.evidence import EvidenceRoom
from monitor.gaze import Gaze
from monitor.journal import Journal
from monitor.observers.likeness.sight import Sight
from monitor.operator.gateway import Gateway
from monitor.paces import Paces
from monitor.pipeline import Pipeline
from monitor.recall import Likenesses, Recall
from monitor.refusal import AttachLater, AttachRefused
from monitor.returns import Returns
from monitor.slates import Slates
from monitor.sources.ring import Ring
from monitor.sources.source import Source
from monitor.testimony import Testimony
from monitor.witness import Witness
from monitor.workers.far import FarGaze
from monitor.workers.opening import Opening
from monitor.workers.pool import Pool
from protocols.avatar import AvatarRole
from protocols.challenge import ChallengeSchedule
from protocols.driving.habit import Habit, Habits
from protocols.gesture import Ability, Gesture
from protocols.judge import Judge
from protocols.observation import Observation
from protocols.policy import ChallengePolicy, Policy
from protocols.reaction import Kind
from protocols.session import AvatarId, OperatorId, Session, SessionState
from registry.avatar import Avatar
from registry.error import NotFound
from registry.registry import Registry
from registry.search import Search

_NEIGHBOURS = 8  # avatars that each of some vectors of the claimed one is most like
_ASKED = 4  # vectors
_DICE = random.SystemRandom().random  # an operator's side must not foresee what is asked, or when


GazeOn = Callable[[Callable[[Observation], None]], Gaze | FarGaze]
"""Makes the gaze on a stream, which delivers what it sees."""


class SessionAssembly:
    """Puts pipelines together from what the registry holds and the service shares."""

    def __init__(
        self,
        *,
        registry: Registry,
        journal: Journal,
        enforcement: Enforcement,
        slates: Slates,
        returns: Returns,
        gateway: Gateway,
        sight: Sight,
        search: Search,
        threads: Executor,
        bench: Executor,
        budget: WindowBudget,
        egress: EgressPolicy,
        encoding_anew: Callable[[], bool] = lambda: False,
        ice_servers: tuple[str, ...] = (),
        evidence: EvidenceRoom,
        workers: Pool | None = None,
    ) -> None:
        self._evidence = evidence
        self._registry = registry
        self._journal = journal
        self._enforcement = enforcement
        self._slates = slates
        self._returns = returns
        self._gateway = gateway
        self._sight = sight
        self._likenesses = Likenesses(
            registry=registry,
            search=search,
            model=sight.encoder.sha256,
            worth=sight.encoder.calibration.centre,
        )
        self._threads = threads
        self._bench = bench
        self._budget = budget
        self._egress = egress
        self._encoding_anew = encoding_anew
        self._ice_servers = ice_servers
        self._workers = workers

    async def check(self, avatar: Avatar) -> None:
        """Raise AttachRefused for an avatar that the likeness model of this service cannot recognise."""
        try:
            await self._registry.avatars.vectors(avatar.id, self._sight.encoder.sha256)
        except NotFound as unknown:
            if self._encoding_anew():
                raise AttachLater(
                    f"avatar {avatar.id} is being encoded for another likeness model; try again in a while"
                ) from unknown
            raise AttachRefused(
                f"avatar {avatar.id} was registered with another likeness model and its pictures are not kept; "
                "add pictures of it with 'nakanohito avatars dress'"
            ) from unknown

    async def pipeline(self, session: Session) -> Pipeline:
        """A pipeline for ``session``, not yet running. Raises RegistryError, EgressRefused."""
        await self._registry.shifts.abandon(session.id, at=self._journal.clock())
        policy = Policy.model_validate((await self._registry.policies.get(session.policy)).document)
        avatar = await self._registry.avatars.get(session.avatar)
        claimed = await self._registry.avatars.vectors(avatar.id, self._likenesses.model)
        recall = Recall(self._likenesses, avatar.id)
        if session.epoch > 1:
            await self._slates.lift(session)  # what an owner of before has left over the picture
        zero, ring = asyncio.get_running_loop().time(), Ring()
        judge = Judge(
            policy=policy,
            policy_id=session.policy,
            avatar=avatar.id,
            claimed=claimed,
            gallery=await self._neighbours(avatar.id, claimed),
            likeness=self._sight.encoder.calibration,
            habits=await self._habits(session),
        )
        testimony = Testimony(judge)
        opening = Opening(
            feed=session.feed, zero=zero, policy=policy.watch, egress=self._egress, ice_servers=self._ice_servers
        )
        source, gaze = self._stream(session, opening, ring, recall)
        return Pipeline(
            session=session,
            policy=policy,
            zero=zero,
            source=source,
            gaze=gaze,
            judge=testimony,
            schedule=ChallengeSchedule(
                policy.challenge, avatar.abilities, _DICE, now=0.0, cannot=await self._cannot(session)
            ),
            paces=await self._paces(session, policy.challenge),
            learn=partial(self._learn, session),
            desk=Desk(self._gateway, session.id),
            journal=self._journal,
            enforcement=self._enforcement,
            slates=self._slates,
            returns=self._returns,
            move=self._mover(session, self._journal.clock),
            threads=self._bench,
            budget=self._budget,
            witness=Witness(testimony, ring, self._evidence, zero=zero, session=session.id),
        )

    async def _cannot(self, session: Session) -> Mapping[str, frozenset[Ability]]:
        """What the operators of the roster cannot do."""
        return {operator: (await self._registry.operators.get(operator)).cannot for operator in session.operators}

    async def _paces(self, session: Session, policy: ChallengePolicy) -> Paces:
        """How quick the operators of the roster are known to be."""

        async def keep(operator: str, kind: Kind, seconds: float) -> None:
            await self._registry.reactions.add(OperatorId(operator), kind, seconds, at=self._journal.clock())

        histories = await self._registry.reactions.of(session.operators)
        return Paces(policy, {str(operator): history for operator, history in histories.items()}, keep)

    async def _habits(self, session: Session) -> Habits:
        """What the operator is known to do unasked; of several, whose motion comes is not known beforehand."""
        return Habits(await self._registry.habits.of(session.operators[0]) if len(session.operators) == 1 else None)

    async def _learn(self, session: Session, learned: Mapping[Gesture, Habit]) -> None:
        if len(session.operators) == 1:
            await self._registry.habits.keep(session.operators[0], learned, at=self._journal.clock())

    async def _neighbours(self, avatar: AvatarId, claimed: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """Those whom the claimed avatar may be confused with; others join as a look calls them to mind."""
        likenesses, found = self._likenesses, dict[str, NDArray[np.float32]]()
        for vector in claimed[:: max(1, len(claimed) // _ASKED)]:
            for match in await likenesses.search.nearest(vector, _NEIGHBOURS, standing_only=True):
                if match.avatar != avatar and match.avatar not in found:
                    other = await self._registry.avatars.get(match.avatar)
                    if other.role is not AvatarRole.SCENE:
                        found[match.avatar] = await self._registry.avatars.vectors(other.id, likenesses.model)
        return found

    def _stream(self, session: Session, opening: Opening, ring: Ring, recall: Recall) -> tuple[Source, GazeOn]:
        """The stream: held by a worker where there are any."""
        if self._workers is None:
            watch = opening.policy
            return opening.source(ring), lambda see: Gaze(self._sight, see, self._threads, policy=watch, recall=recall)
        far = self._workers.stream(session.id, opening, ring)
        return far, lambda deliver: FarGaze(far, deliver, recall)

    def _mover(
        self, session: Session, clock: Callable[[], datetime]
    ) -> Callable[[SessionState, str | None], Awaitable[Session]]:
        async def move(state: SessionState, because: str | None) -> Session:
            at = clock()
            return await self._registry.sessions.move(session.id, state, because=because, epoch=session.epoch, at=at)

        return move
