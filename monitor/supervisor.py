"""The supervisor: sessions are attached, watched, taken up again after a restart, and ended. A stream dies alone."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from monitor import metrics
from monitor.egress import EgressPolicy, checked
from monitor.enforcement import Enforcement
from monitor.events import EventFeed
from monitor.journal import Journal
from monitor.leases import Leases
from monitor.orders import CutOrder, Orders
from monitor.pipeline import Pipeline
from monitor.refusal import AttachLater, AttachRefused
from monitor.returns import Newcomer, Return, Returns
from monitor.sources.whip import WhipEnd
from monitor.workers.pool import Pool
from protocols.backend import (
    AttachRequest,
    ChallengeView,
    EventType,
    ReturnView,
    SessionStatus,
    SessionView,
    VerdictView,
)
from protocols.challenge_transcript import told_of
from protocols.evidence import RuleName
from protocols.policy import Policy
from protocols.session import FINAL, AvatarId, CutId, OperatorId, Session, SessionId, SessionState, SourceKind
from protocols.verdict import deregistered
from registry.avatar import Avatar
from registry.cut import Cut
from registry.error import Conflict, NotFound, RegistryError
from registry.registry import Registry
from registry.state import CutState

_log = structlog.get_logger()

_ASK_AGAIN_AFTER = 1.0  # seconds, for the end of a session
_DEFAULT_POLICY = "standard"
_TRY_AGAIN_AFTER = (1.0, 2.0, 5.0, 15.0)  # seconds, after a pipeline of ours has failed
_PLACELESS = frozenset({SourceKind.WHIP, SourceKind.FILE})  # these end at the service itself


class RemovalFailed(Exception):
    """A stream whose avatar may not be on air could not be taken off air yet."""


class Assembly(Protocol):
    """Puts a session's pipeline together: its source, its judge, its desk."""

    async def check(self, avatar: Avatar) -> None:
        """Raise AttachRefused for an avatar that this service cannot recognise."""

    async def pipeline(self, session: Session) -> Pipeline:
        """A pipeline for ``session``, not yet running. Raises RegistryError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the service lives and can take sessions; if not, why, a sentence each."""

    live: bool = True
    reasons: list[str] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether sessions can be attached and are watched."""
        return self.live and not self.reasons


class Witness(Protocol):
    """Is told of every session that begins to run here, and of its end."""

    def joined(self, pipeline: Pipeline) -> None:
        """A session begins to run."""

    def over(self, session: str) -> None:
        """It runs no more."""


class Supervisor:
    """Runs the sessions of one service. ``run`` holds them all; it returns when cancelled."""

    def __init__(
        self,
        *,
        registry: Registry,
        journal: Journal,
        enforcement: Enforcement,
        returns: Returns,
        feed: EventFeed,
        assembly: Assembly,
        egress: EgressPolicy,
        servers: frozenset[str],
        clock: Callable[[], datetime],
        witness: Witness | None = None,
        workers: Pool | None = None,
        leases: Leases | None = None,
    ) -> None:
        """``leases`` are those of a service alone where absent."""
        self._leases = leases or Leases(registry.sessions, clock)
        self.feed = feed
        self._witness = witness
        self._workers = workers
        self._registry = registry
        self._journal = journal
        self._orders = Orders(registry, journal)
        self._enforcement = enforcement
        self._returns = returns
        self._assembly = assembly
        self._egress = egress
        self._servers = servers
        self._clock = clock
        self._pipelines: dict[SessionId, Pipeline] = {}
        self._tasks: dict[SessionId, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._troubles: dict[SessionId, str] = {}
        self._removed: set[SessionId] = set()
        self._missed: dict[SessionId, set[AvatarId]] = {}

    async def run(self, started: Callable[[], None]) -> None:
        """Finish what a restart interrupted, take up every session again, and hold them until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            try:
                self._group.create_task(self._resume_cuts(), name="resume cuts")
                await self._leases.take_up(self._tasks, self._hold)
                started()
                await self._leases.keep(self._tasks, self._hold, self._lose)
            finally:
                self._group = None

    async def attach(self, request: AttachRequest, *, account: str) -> Session:
        """Begin a session. Raises RegistryError, EgressRefused, AttachRefused."""
        if self._group is None:
            raise AttachLater("the service is stopping; try again in a moment")
        feed = request.feed()
        placement = None if request.placement is None else request.placement.placement()
        if placement is None and feed.kind not in _PLACELESS:
            raise AttachRefused("say where to cut this stream: 'placement' with server, app and stream")
        if placement is not None and placement.server not in self._servers:
            known = ", ".join(sorted(self._servers)) or "none"
            raise AttachRefused(f"no server '{placement.server}' is in the settings of the service (there: {known})")
        if feed.url is not None:
            await checked(feed.url, self._egress)
        if request.callback_url is not None:
            await checked(request.callback_url, self._egress)
        avatar = await self._registry.avatars.meant(request.avatar)
        await self._assembly.check(avatar)
        policy = await self._registry.policies.get(request.policy or avatar.policy or _DEFAULT_POLICY)
        operators = [OperatorId(operator) for operator in request.operators]
        newcomer = Newcomer(avatar=avatar.id, operators=operators, account=request.account or account)
        returns = await self._returning(newcomer, Policy.model_validate(policy.document))
        session = await self._registry.sessions.create(
            feed=feed,
            avatar=avatar.id,
            operators=operators,
            policy=policy.id,
            at=self._clock(),
            callback_url=request.callback_url,
            placement=placement,
            account=newcomer.account,
            lease=self._leases.lease(),
        )
        await self._enter(session)
        await self._returns.link(session, returns)
        self._hold(session)
        return session

    async def _returning(self, newcomer: Newcomer, policy: Policy) -> tuple[Return, ...]:
        """The bans that a newcomer runs into. Raises AttachRefused where the policy refuses such."""
        returns = await self._returns.found(newcomer, same_at=policy.likeness.review_at)
        if returns and policy.returns == "refuse":
            ban, by = returns[0].ban, returns[0].by
            until = "it is restored" if ban.until is None else ban.until.isoformat(timespec="seconds")
            raise AttachRefused(f"this stream is forbidden by cut {ban.cut} until {until}: the {by} is the same")
        return returns

    async def end(self, session_id: SessionId, because: str) -> Session:
        """End a session without a cut; one that has ended stays as it is. Raises RegistryError."""
        session = await self._registry.sessions.get(session_id)
        task = self._tasks.get(session_id)
        while session_id in self._pipelines and task is not None and not task.done():
            self._pipelines[session_id].end(because)
            await asyncio.wait([task], timeout=_ASK_AGAIN_AFTER)  # a fault may have swallowed it
        session = await self._registry.sessions.get(session_id)
        return session if session.state in FINAL else await self._over(session, SessionState.ENDED, because)

    async def remove_barred(self) -> None:
        """Take off air every stream whose avatar may not be there any more. Raises RegistryError."""
        barred = await self._registry.sessions.barred(at=self._clock())
        for session_id in barred.keys() & self._pipelines.keys() - self._removed:
            _log.info("session.removed", session=session_id, because=barred[session_id])
            self._removed.add(session_id)
            self._pipelines[session_id].remove(f"the avatar {barred[session_id]}")

    def forget(self, avatar: AvatarId) -> None:
        """Let no session compare its stream with ``avatar`` any more, one that is being put together neither."""
        for pipeline in self._pipelines.values():
            pipeline.forget(avatar)
        for missed in self._missed.values():
            missed.add(avatar)

    async def status(self, session_id: SessionId) -> SessionStatus:
        """Where a session stands now. Raises NotFound."""
        session = await self._registry.sessions.get(session_id)
        view = SessionView.of(session)
        links = await self._registry.links.of(session_id)
        returns = [ReturnView(cut=link.cut, by=link.by.value, at=link.at) for link in links]
        pipeline = self._pipelines.get(session_id)
        status = SessionStatus(**view.model_dump()) if pipeline is None else _status(view, pipeline)
        return status.model_copy(update={"returns": returns})

    def pipelines(self) -> tuple[Pipeline, ...]:
        """Every pipeline that runs here."""
        return tuple(self._pipelines.values())

    def pipeline(self, session_id: str) -> Pipeline | None:
        """The running pipeline of a session, None where none runs here."""
        return self._pipelines.get(SessionId(session_id))

    def whip(self, session_id: SessionId) -> WhipEnd | None:
        """Our end of a WHIP session that is running here."""
        pipeline = self._pipelines.get(session_id)
        return pipeline.source if pipeline is not None and isinstance(pipeline.source, WhipEnd) else None

    async def order(self, session_id: SessionId, order: CutOrder) -> None:
        """Have a person's order carried out, over restarts too.

        Raises NotFound; Conflict where nothing is there to be cut any more; LedgerFailure where it cannot be written.
        """
        session = await self._registry.sessions.get(session_id)
        pipeline = self._pipelines.get(session_id)
        begins = pipeline is None and session_id in self._tasks  # what runs it is being put together, and will read it
        if not begins and (pipeline is None or pipeline.ladder.cut):
            raise Conflict(f"Session {session_id} is not on air here, or is being cut already.", other=session.id)
        await self._orders.write(session, order)
        if (pipeline := self._pipelines.get(session_id)) is not None:
            pipeline.order(order)

    async def restore(self, cut_id: CutId, *, by: str, reason: str) -> Cut:
        """Let a cut stream publish again. Raises RegistryError, EnforcerFailure."""
        return await self._enforcement.restore(cut_id, by=by, because=reason)

    def health(self) -> Health:
        """How the service is."""
        reasons = [] if self._group is not None else ["the service is starting or stopping"]
        ours = {pipeline.trouble for pipeline in self._pipelines.values() if pipeline.trouble is not None}
        if self._workers is not None and (trouble := self._workers.trouble) is not None:
            ours.add(trouble)
        return Health(reasons=reasons + sorted({*self._troubles.values(), *ours}))

    # ---- holding sessions

    def _lose(self, session_id: SessionId) -> None:
        """Let go of what another has taken."""
        if (pipeline := self._pipelines.get(session_id)) is not None:
            pipeline.lose(Conflict(f"Session {session_id} has another owner now.", other=session_id))

    def _hold(self, session: Session) -> None:
        if self._group is None:
            return
        task = self._group.create_task(self._keep(session), name=f"session {session.id}")
        self._tasks[session.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(session.id, None))

    async def _keep(self, session: Session) -> None:
        """Watch a session to its end, again and again if a fault of ours stops it: no stream goes unwatched unseen."""
        attempt, kept = 0, session
        while not await self._watched(kept):
            await asyncio.sleep(_TRY_AGAIN_AFTER[min(attempt, len(_TRY_AGAIN_AFTER) - 1)])
            attempt += 1
            try:
                kept = await self._leases.claim(kept.id)
            except (NotFound, Conflict):
                self._troubles.pop(kept.id, None)
                return
            except RegistryError as failure:
                _log.warning("session.waits", session=kept.id, because=str(failure))

    async def _watched(self, session: Session) -> bool:
        """Whether the session came to its end, or to another owner; False where a fault of ours stopped it."""
        try:
            await self._watch(session)
        except Conflict as lost:
            _log.warning("session.lost", session=session.id, because=str(lost))
            self._troubles.pop(session.id, None)
        except Exception as fault:  # whatever it is, only this stream may suffer
            _log.exception("session.fault", session=session.id)
            self._troubles[session.id] = f"a session is not watched: {type(fault).__name__}"
            return False
        return True

    async def _watch(self, session: Session) -> None:
        cut = await self._enforcement.standing(session)
        if cut is not None and await self._finished(session, cut):
            self._troubles.pop(session.id, None)
            return
        barred = (await self._registry.sessions.barred(at=self._clock())).get(session.id)
        if barred is not None:  # while nobody watched it: before a restart, or since it was attached
            await self._remove(session, f"the avatar {barred}")
            return
        pipeline = await self._assembled(session)
        self._pipelines[session.id] = pipeline
        if self._witness is not None:
            self._witness.joined(pipeline)
        metrics.SESSIONS.labels(state="watched").inc()
        self._troubles.pop(session.id, None)
        try:
            if (order := await self._orders.open(session)) is not None:
                pipeline.order(order)
            await pipeline.run()
        finally:
            del self._pipelines[session.id]
            if self._witness is not None:
                self._witness.over(session.id)
            self._removed.discard(session.id)
            metrics.SESSIONS.labels(state="watched").dec()

    async def _assembled(self, session: Session) -> Pipeline:
        """A pipeline that holds nothing of an avatar that was purged while it was put together."""
        missed = self._missed[session.id] = set()
        try:
            pipeline = await self._assembly.pipeline(session)
        finally:
            del self._missed[session.id]
        for avatar in missed:
            pipeline.forget(avatar)
        return pipeline

    async def _finished(self, session: Session, cut: Cut) -> bool:
        """Finish the cut that a restart interrupted; its receipt ends the session. False where it fails."""
        cut = await self._enforcement.carry_out(session, cut)
        if cut.state is not CutState.CONFIRMED:
            return False
        await self._enforcement.stay_gone(session, cut)
        await self._over(session, SessionState.CUT, f"cut: {cut.rule}")
        return True

    async def _remove(self, session: Session, because: str) -> None:
        """Cut a stream that no pipeline watches, since its avatar may not be on air. Raises what keeps it from that."""
        policy = Policy.model_validate((await self._registry.policies.get(session.policy)).document)
        verdict = deregistered(because, policy, session.policy)
        measure = policy.ladder.measure(RuleName.REGISTRATION, 0, session.policy)
        cut = await self._enforcement.cut(session, verdict, RuleName.REGISTRATION, measure=measure, steps=())
        if cut.state is not CutState.CONFIRMED:
            raise RemovalFailed(f"cut {cut.id} is not confirmed")
        await self._enforcement.stay_gone(session, cut)
        await self._over(session, SessionState.CUT, f"cut: {cut.rule}")

    async def _over(self, session: Session, state: SessionState, because: str) -> Session:
        """End a session that no pipeline of ours watches."""
        await self._journal.note(session, EventType.SESSION_ENDED, {"state": state.value, "because": because})
        at = self._clock()
        return await self._registry.sessions.move(session.id, state, because=because, epoch=session.epoch, at=at)

    async def _enter(self, session: Session) -> None:
        """Enter a new session in the ledger; one that cannot be is not attached."""
        data = SessionView.of(session).model_dump(mode="json")
        try:
            await self._journal.note(session, EventType.SESSION_ATTACHED, data)
        except BaseException:
            await self._registry.sessions.move(
                session.id,
                SessionState.ENDED,
                because="it could not be entered in the ledger",
                epoch=session.epoch,
                at=self._clock(),
            )
            raise

    async def _resume_cuts(self) -> None:
        try:
            await self._enforcement.resume()
        except* RegistryError as failures:
            _log.exception("cut.resume", failures=len(failures.exceptions))


def _status(view: SessionView, pipeline: Pipeline) -> SessionStatus:
    ladder, asked, deadline = pipeline.ladder, pipeline.open_challenge, pipeline.ladder.next_deadline()
    challenge = None
    if asked is not None:
        challenge = ChallengeView(
            id=asked.challenge, asked_at=round(asked.at, 3), within=asked.within, **told_of(asked)
        )
    return SessionStatus(
        **view.model_dump(),
        at=round(pipeline.at(), 3),
        verdict=None if pipeline.verdict is None else VerdictView.of(pipeline.verdict),
        rung=ladder.rung,
        cause=ladder.cause,
        rung_ends_in=None if deadline is None else round(max(0.0, deadline - pipeline.at()), 3),
        held=ladder.held,
        watch=pipeline.watching.value,
        operators_present=sorted(pipeline.operators),
        challenge=challenge,
        missed=pipeline.missed,
        frames_seen=pipeline.gaze.seen,
        frames_dropped=pipeline.gaze.dropped + pipeline.source.dropped,
        blind_s=round(pipeline.blind_s, 3),
        publishing=pipeline.source.live if isinstance(pipeline.source, WhipEnd) else None,
    )
