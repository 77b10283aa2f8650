"""One broadcast for the spine to monitor: the real registry, ledger, journal and feed; the rest written by hand."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import av
import numpy as np

from monitor.breaker import MassBreaker
from monitor.budget import WindowBudget
from monitor.desk import Desk
from monitor.enforcement import Enforcement
from monitor.enforcers.block import RegisteredBlocks
from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.fence import RegisteredFence
from monitor.enforcers.fenced import Fenced
from monitor.events import EventFeed
from monitor.gaze import Gaze
from monitor.journal import Journal
from monitor.paces import Paces
from monitor.passkeys import Passkeys
from monitor.pipeline import Pipeline
from monitor.recollection import Recollection
from monitor.returns import Returns
from monitor.shifts import Shifts
from monitor.slates import Slates
from monitor.sources.source import Picture, Source, SourceEvent, Watch
from protocols.breaker import BreakerLimits
from protocols.challenge import ChallengeSchedule
from protocols.driving.form import Shape
from protocols.driving.habit import Habit
from protocols.evidence import RuleName
from protocols.gesture import Ability, Gesture
from protocols.judge import Judge, Judged
from protocols.ladder import Rung
from protocols.likeness import LikenessCalibration
from protocols.measure import Measure, MeasureKind
from protocols.observation import Asked, Observation, Presence
from protocols.passkey.ceremony import RelyingParty
from protocols.policy import BRISK, Policy
from protocols.reaction import Kind
from protocols.session import AvatarId, Feed, OperatorId, Placement, Session, SessionId, SessionState, SourceKind
from protocols.verdict import Driver, Verdict
from registry.avatar import Submission
from registry.cut import Cut
from registry.error import LedgerFailure
from registry.ledger import Entry, Head, Ledger
from registry.reference import Reference
from registry.registry import Registry
from registry.state import CutState

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLACEMENT = Placement(server="edge", app="live", stream="hoshi")
PARTY = RelyingParty(id="localhost", name="Nakanohito", origins=("http://localhost:8470",))
STEPS = ("block", "cut", "gone", "restore")


def clock() -> datetime:
    """The time of day, moved by the loop."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


def picture(at: float, *, keyframe: bool = True, fresh: bool = False) -> Picture:
    frame = av.VideoFrame(64, 36, "yuv420p")
    return Picture(at=at, arrived=at, keyframe=keyframe, fresh=fresh, frame=frame)


class ScriptedSource:
    """A stream that shows what the test tells it to."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[SourceEvent | None] = asyncio.Queue()
        self.watched: list[Watch] = []
        self.closed = False
        self.dropped = 0
        self.corrupt = 0

    def tell(self, *events: SourceEvent) -> None:
        for event in events:
            self._events.put_nowait(event)

    async def events(self) -> AsyncIterator[SourceEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    def watch(self, mode: Watch) -> None:
        if not self.watched or self.watched[-1] is not mode:
            self.watched.append(mode)

    async def close(self) -> None:
        self.closed = True
        self._events.put_nowait(None)


class BlankGaze:
    """Looks at nothing, and counts."""

    def __init__(self) -> None:
        self.seen = 0
        self.dropped = 0
        self.fault: Exception | None = None
        self.taken: list[bool] = []
        self.forgotten: list[str] = []

    def forget(self, avatar: str) -> None:
        self.forgotten.append(avatar)

    def take(self, picture: Picture, *, full: bool) -> None:
        self.taken.append(full)

    async def run(self) -> None:
        if self.fault is not None:
            raise self.fault
        await asyncio.get_running_loop().create_future()


class ScriptedJudge:
    """Says what the test wants to hear; takes every gesture for telling, and every answer for enough."""

    settled, missed = True, False

    def __init__(self) -> None:
        self.driver, self.cause = Driver.UNKNOWN, cast("RuleName | None", None)
        self.judged: list[Judged] = []
        self.heard: list[Observation] = []

    def says(self, driver: Driver, cause: RuleName | None = None) -> None:
        self.driver, self.cause = driver, cause

    def telling(self, gestures: tuple[Gesture, ...], at: float) -> tuple[Gesture, ...]:
        return gestures

    def learned(self) -> Mapping[Gesture, Habit]:
        return {Gesture.NOD: Habit(sizes=(1.25,), watched=40.0, shape=Shape.SWING)}

    def consider(self, observations: list[Observation], at: float) -> tuple[Verdict, tuple[Judged, ...]]:
        self.heard += observations
        judged, self.judged = tuple(self.judged), []
        return verdict(self.driver, self.cause, at), judged


def verdict(driver: Driver, cause: RuleName | None = None, at: float = 0.0) -> Verdict:
    return Verdict(
        at=at,
        driver=driver,
        p_human=0.5,
        log_odds=0.0,
        prior=0.0,
        findings=(),
        evidence=(),
        policy="brisk@1",
        cause=cause,
    )


class RecordingDesk:
    """Keeps what operators were told and asked."""

    def __init__(self, driver: str = "op") -> None:
        self.somebody_hears, self.driver = True, driver
        self.told: list[tuple[Rung, RuleName | None]] = []
        self.asked: list[Asked] = []
        self.dismissed: list[str] = []

    def ask(self, challenge: Asked, *, routine: bool = False) -> str | None:
        if not self.somebody_hears:
            return None
        self.asked.append(challenge)
        return self.driver

    def notify(self, rung: Rung, cause: RuleName | None, until: float | None) -> None:
        self.told.append((rung, cause))

    def dismiss(self, because: str) -> None:
        self.dismissed.append(because)


class MediaServer:
    """An enforcer whose media server fails as it is told to."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.orders: list[Order] = []
        self.on_air = True
        self.blocked = False
        self.ineffective = 0
        """How many cuts are answered with success and do nothing."""
        self.failures: dict[str, list[BaseException]] = {step: [] for step in STEPS}
        self.before: Callable[[str], None] = lambda step: None

    def _do(self, step: str, order: Order) -> None:
        self.before(step)
        self.log.append(step)
        self.orders.append(order)
        if self.failures[step]:
            raise self.failures[step].pop(0)

    async def block(self, order: Order) -> None:
        self._do("block", order)
        self.blocked = True

    async def cut(self, order: Order) -> None:
        self._do("cut", order)
        if self.ineffective:
            self.ineffective -= 1
        else:
            self.on_air = False

    async def gone(self, order: Order) -> bool:
        self._do("gone", order)
        return not self.on_air

    async def restore(self, order: Order) -> None:
        self._do("restore", order)
        self.blocked = False

    async def close(self) -> None:
        pass


class FrailLedger:
    """The real ledger, until it is told to fail."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.broken = False
        self.refuses: set[str] = set()
        self.stops_at = ""
        """The kind of entry at which the process is killed; with ``+`` in front, just after it was written."""

    @property
    def path(self) -> Path:
        return self._ledger.path

    @property
    def head(self) -> Head:
        return self._ledger.head

    async def append(self, kind: str, session: str, subject: str, body: Mapping[str, Any], at: datetime) -> Entry:
        if self.broken or kind in self.refuses:
            raise LedgerFailure("The disk is full.")
        if self.stops_at == kind:
            raise Killed
        entry = await self._ledger.append(kind, session, subject, body, at)
        if self.stops_at == f"+{kind}":
            raise Killed
        return entry

    async def read(self, **which: Any) -> tuple[Entry, ...]:
        return await self._ledger.read(**which)


class Killed(BaseException):
    """The process is killed here."""


class Inline(Executor):
    """Does the work at once, in the thread that asks for it; ``seconds`` later by the loop's clock."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(kw_only=True)
class Broadcast:
    """A session, and everything that its pipeline is made of."""

    registry: Registry
    ledger: FrailLedger
    journal: Journal
    feed: EventFeed
    session: Session
    avatar: AvatarId
    operator: OperatorId
    server: MediaServer
    enforcement: Enforcement
    front: Fenced
    policy: Policy = BRISK
    desk: RecordingDesk = field(default_factory=RecordingDesk)
    judge: Any = field(default_factory=ScriptedJudge)
    gaze: BlankGaze = field(default_factory=BlankGaze)
    source: ScriptedSource = field(default_factory=ScriptedSource)
    budget: WindowBudget = field(default_factory=lambda: WindowBudget(1))
    threads: Executor = field(default_factory=Inline)
    woken: list[None] = field(default_factory=list)

    async def _keep(self, operator: str, kind: Kind, seconds: float) -> None:
        await self.registry.reactions.add(OperatorId(operator), kind, seconds, at=clock())

    async def _learn(self, learned: Mapping[Gesture, Habit]) -> None:
        await self.registry.habits.keep(self.operator, learned, at=clock())

    def shifts(self, *pipelines: Pipeline) -> Shifts:
        """The shifts of a service in which these pipelines run."""
        running = {pipeline.session.id: pipeline for pipeline in pipelines}
        return Shifts(
            registry=self.registry,
            passkeys=Passkeys(self.registry.passkeys, PARTY, clock),
            journal=self.journal,
            pipeline=lambda session: running.get(SessionId(session)),
            clock=clock,
        )

    def breaker(self, *pipelines: Pipeline, page_url: str | None = None) -> MassBreaker:
        """The breaker of a service in which these pipelines run."""
        return MassBreaker(BreakerLimits(), pipelines=lambda: pipelines, journal=self.journal, page_url=page_url)

    def recollection(self, *pipelines: Pipeline) -> Recollection:
        """What motion recalls in a service in which these pipelines run."""
        running = {pipeline.session.id: pipeline for pipeline in pipelines}
        return Recollection(
            self.registry.prints,
            pipeline=lambda session: running.get(SessionId(session)),
            threads=self.threads,
            clock=clock,
            days=30.0,
        )

    def pipeline(self, session: Session | None = None) -> Pipeline:
        """A pipeline for the session, not yet running."""
        of = session or self.session

        async def move(state: SessionState, because: str | None) -> Session:
            return await self.registry.sessions.move(of.id, state, because=because, epoch=of.epoch, at=clock())

        return Pipeline(
            session=of,
            policy=self.policy,
            zero=asyncio.get_running_loop().time(),
            source=cast("Source", self.source),
            gaze=lambda deliver: cast("Gaze", self.gaze),
            judge=cast("Judge", self.judge),
            schedule=ChallengeSchedule(self.policy.challenge, frozenset({Ability.HEAD}), lambda: 0.5, now=0.0),
            paces=Paces(self.policy.challenge, {}, self._keep),
            learn=self._learn,
            desk=cast("Desk", self.desk),
            journal=self.journal,
            enforcement=self.enforcement,
            returns=returning(self.registry, self.journal),
            slates=Slates(self.registry, self.journal, lambda of: ("edge", self.front)),
            move=move,
            threads=self.threads,
            budget=self.budget,
        )

    async def entries(self, *kinds: str) -> list[dict[str, Any]]:
        """What the ledger holds of the session: ``kind``, ``subject`` and what it says."""
        found = await self.ledger.read(session=self.session.id)
        return [e.content | {"kind": e.kind, "subject": e.subject} for e in found if not kinds or e.kind in kinds]

    async def kinds(self) -> list[str]:
        return [entry["kind"] for entry in await self.entries()]

    async def cuts(self) -> tuple[Cut, ...]:
        return (await self.registry.cuts.list(session=self.session.id)).items

    async def state(self) -> SessionState:
        return (await self.registry.sessions.get(self.session.id)).state

    async def attach(self, stream: str, *, kind: SourceKind = SourceKind.RTMP) -> Session:
        """Another session in the registry."""
        return await self.registry.sessions.create(
            feed=Feed(kind=kind, url=None if kind is SourceKind.WHIP else f"rtmp://edge/live/{stream}"),
            avatar=self.avatar,
            operators=[self.operator],
            policy=self.session.policy,
            placement=None if kind is SourceKind.WHIP else replace(PLACEMENT, stream=stream),
            at=clock(),
        )

    def present(self, connected: bool = True, at: float = 0.0) -> Presence:
        return Presence(at=at, operator=self.operator, connected=connected, cause="as told")

    @contextlib.asynccontextmanager
    async def on_air(self, session: Session | None = None) -> AsyncIterator[Pipeline]:
        """The pipeline, running; stopped at the end as a service that stops would."""
        pipeline = self.pipeline(session)
        task = asyncio.create_task(pipeline.run(), name="pipeline")
        try:
            yield pipeline
        finally:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()

    @contextlib.asynccontextmanager
    async def keeping_in_sight(self) -> AsyncIterator[Pipeline]:
        """The pipeline, running, with its first picture seen."""
        async with self.on_air() as pipeline:
            self.source.tell(picture(0.1, fresh=True))
            await self.until(lambda: pipeline.blind_because is None)
            yield pipeline

    async def until(self, holds: Callable[[], bool], within: float = 600.0) -> None:
        """Wait until it holds, in virtual seconds."""
        async with asyncio.timeout(within):
            while not holds():  # noqa: ASYNC110 - the time is virtual
                await asyncio.sleep(0.01)

    async def noted(self, kind: str, times: int = 1, within: float = 600.0) -> list[dict[str, Any]]:
        """Wait until the ledger has that many entries of a kind."""
        async with asyncio.timeout(within):
            while len(found := await self.entries(kind)) < times:  # noqa: ASYNC110 - the time is virtual
                await asyncio.sleep(0.05)
        return found

    async def reaches(self, state: SessionState, within: float = 600.0) -> Session:
        """Wait until the session has come to ``state``; its row moves after the ledger has the entry of it."""
        async with asyncio.timeout(within):
            while await self.state() is not state:  # noqa: ASYNC110 - the time is virtual
                await asyncio.sleep(0.05)
        return await self.registry.sessions.get(self.session.id)

    async def settles(self, state: CutState, within: float = 600.0) -> Cut:
        """Wait until the session's newest cut has come to ``state``; its row moves after the ledger has the receipt."""
        async with asyncio.timeout(within):
            while (cut := (await self.cuts())[0]).state is not state:  # noqa: ASYNC110 - the time is virtual
                await asyncio.sleep(0.05)
        return cut


@contextlib.asynccontextmanager
async def broadcast(
    folder: Path, *, policy: Policy = BRISK, callback_url: str | None = None
) -> AsyncIterator[Broadcast]:
    """A broadcast that is attached, with nobody watching it yet."""
    registry = await Registry.open(f"sqlite:///{folder / 'registry.sqlite'}", folder / "ledger.sqlite")
    try:
        yield await _made(registry, policy, callback_url)
    finally:
        await registry.close()


async def _made(registry: Registry, policy: Policy, callback_url: str | None) -> Broadcast:
    reference = Reference(digest=bytes(32), vector=np.eye(1, 8, dtype=np.float32)[0])
    submission = Submission(name="Hoshi", owner="studio", references=[reference], model="m", abilities=[Ability.HEAD])
    avatar = await registry.avatars.register(submission, at=clock())
    operator = await registry.operators.enrol(
        pseudonym="b2f6", issuer="id.example", assurance="high", verified_at=START, device_keys=[bytes(32)], at=clock()
    )
    policy_id = await registry.policies.put(policy.name, policy.model_dump(mode="json", exclude={"name"}), at=clock())
    session = await registry.sessions.create(
        feed=Feed(kind=SourceKind.RTMP, url="rtmp://edge/live/hoshi"),
        avatar=avatar.id,
        operators=[operator.id],
        policy=policy_id,
        placement=PLACEMENT,
        at=clock(),
        callback_url=callback_url,
        account="channel-1",
    )
    ledger, feed, server, woken = FrailLedger(registry.ledger), EventFeed(), MediaServer(), list[None]()
    journal = Journal(cast("Ledger", ledger), registry.outbox, feed, clock, wake=lambda: woken.append(None))
    return Broadcast(
        registry=registry,
        ledger=ledger,
        journal=journal,
        feed=feed,
        session=session,
        avatar=avatar.id,
        operator=operator.id,
        server=server,
        enforcement=enforcing(registry, journal, server),
        front=fronting(registry, server),
        policy=policy,
        desk=RecordingDesk(operator.id),
        woken=woken,
    )


def enforcing(registry: Registry, journal: Journal, server: MediaServer) -> Enforcement:
    """An enforcement as a service has it, for one media server."""
    front = fronting(registry, server)
    return Enforcement(registry, journal, lambda of: ("edge", front))


def fronting(registry: Registry, server: MediaServer) -> Fenced:
    return Fenced(server, RegisteredFence(registry.sessions), RegisteredBlocks(registry.blocks, clock))


def returning(registry: Registry, journal: Journal) -> Returns:
    calibration = LikenessCalibration(
        centre=0.5, slope=12, cap=4, memory=0.5, independent_s=2, least_confidence=0.3, full_confidence=0.7, stale_s=20
    )
    return Returns(registry, journal, model="m", calibration=calibration)


def forbid(seconds: float) -> Measure:
    return Measure(kind=MeasureKind.FORBID, seconds=seconds, by="brisk@1", strike=1)


def failure(*, retry: bool = True) -> EnforcerFailure:
    return EnforcerFailure("the server does not answer", retry=retry)


def threads_named(start: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(start)]
