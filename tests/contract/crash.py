"""A service that is killed in the middle of a cut, at a step of the test's choice, and the one that follows it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from monitor.enforcement import Enforcement
from monitor.enforcers.block import RegisteredBlocks
from monitor.enforcers.enforcer import Enforcer, Order
from monitor.enforcers.fence import RegisteredFence
from monitor.enforcers.fenced import Fenced
from monitor.events import EventFeed
from monitor.journal import Journal
from protocols.evidence import RuleName
from protocols.measure import Measure, MeasureKind
from protocols.session import Feed, Placement, Session, SourceKind
from protocols.verdict import Driver, Verdict
from registry.avatar import Submission
from registry.cut import Cut, Cuts
from registry.ledger import Entry, Ledger
from registry.reference import Reference
from registry.registry import Registry
from tests.contract.blocks import MemoryBlocks

SERVER_STEPS = ("block", "cut", "gone")
STEPS = (
    "cut.intended", "+cut.intended", "block", "+block", "cut", "+cut", "gone", "+gone",
    "cut.confirmed", "+cut.confirmed", "confirm", "+confirm",
)  # fmt: skip
"""Where it dies: at a command to the server, an entry of the ledger or the row's receipt; just after, with a plus."""


class Killed(BaseException):
    """The process is killed here."""


@dataclass
class Death:
    """Kills at one step, once; ``kill`` is how."""

    step: str
    kill: Callable[[], None]

    async def around(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if self.step == name:
            self.die()
        done = await work()
        if self.step == f"+{name}":
            self.die()
        return done

    def die(self) -> None:
        self.step = ""
        self.kill()


class DyingServer:
    """An enforcer in a process that dies at one of its commands."""

    def __init__(self, server: Enforcer, death: Death) -> None:
        self._server = server
        self._death = death

    async def block(self, order: Order) -> None:
        await self._death.around("block", lambda: self._server.block(order))

    async def cut(self, order: Order) -> None:
        await self._death.around("cut", lambda: self._server.cut(order))

    async def gone(self, order: Order) -> bool:
        return bool(await self._death.around("gone", lambda: self._server.gone(order)))

    async def restore(self, order: Order) -> None:
        await self._server.restore(order)

    async def close(self) -> None:
        await self._server.close()


class DyingLedger:
    """The ledger of a process that dies at one of its entries."""

    def __init__(self, ledger: Ledger, death: Death) -> None:
        self._ledger = ledger
        self._death = death

    async def append(self, kind: str, session: str, subject: str, body: Mapping[str, Any], at: datetime) -> Entry:
        entry = await self._death.around(kind, lambda: self._ledger.append(kind, session, subject, body, at))
        return cast("Entry", entry)


class DyingCuts(Cuts):
    """The cuts of a process that dies at a receipt."""

    death: Death

    async def confirm(self, *args: Any, **kwargs: Any) -> Cut:
        return cast("Cut", await self.death.around("confirm", lambda: super(DyingCuts, self).confirm(*args, **kwargs)))


class BothBlocks(RegisteredBlocks):
    """The registry's blocks, and those that the stage's hooks ask."""

    def __init__(self, registry: Registry, stage: MemoryBlocks) -> None:
        super().__init__(registry.blocks, now)
        self._stage = stage

    async def put(self, order: Order) -> None:
        await super().put(order)
        await self._stage.put(order)

    async def lift(self, order: Order) -> None:
        await super().lift(order)
        await self._stage.lift(order)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Service:
    """What a service keeps in memory of its cuts; a new one over the same registry is a restart."""

    registry: Registry
    server: Enforcer
    blocks: MemoryBlocks
    death: Death = field(default_factory=lambda: Death("", lambda: None))

    def __post_init__(self) -> None:
        ledger = DyingLedger(self.registry.ledger, self.death)
        journal = Journal(cast("Ledger", ledger), self.registry.outbox, EventFeed(), now, wake=lambda: None)
        blocks = BothBlocks(self.registry, self.blocks)
        self.front = Fenced(DyingServer(self.server, self.death), RegisteredFence(self.registry.sessions), blocks)
        self.enforcement = Enforcement(self.registry, journal, lambda of: ("stage", self.front))

    async def cut(self, session: Session) -> Cut:
        """Cut for an hour; it dies where it has to."""
        plain = self.registry.cuts
        dying = DyingCuts(plain._database)
        dying.death = self.death
        self.registry.cuts = dying
        measure = Measure(kind=MeasureKind.FORBID, seconds=3600, by="standard@1", strike=1)
        try:
            return await self.enforcement.cut(session, A_VERDICT, RuleName.DRIVING, measure=measure, steps=())
        finally:
            self.registry.cuts = plain


A_VERDICT = Verdict(
    at=30.0, driver=Driver.AI, p_human=0.01, log_odds=-4.6, prior=0.0, findings=(), evidence=(), policy="standard@1",
    cause=RuleName.DRIVING,
)  # fmt: skip


@asynccontextmanager
async def registry_of(folder: Path) -> AsyncIterator[Registry]:
    """A registry in ``folder``, with what a session needs where it is new."""
    registry = await Registry.open(f"sqlite:///{folder / 'registry.sqlite'}", folder / "ledger.sqlite")
    try:
        await registry.policies.put("standard", {}, at=now())
        if not (await registry.avatars.list()).items:
            reference = Reference(digest=bytes(32), vector=np.eye(1, 8, dtype=np.float32)[0])
            submission = Submission(name="Hoshi", owner="studio", references=[reference], model="m")
            await registry.avatars.register(submission, at=now())
        yield registry
    finally:
        await registry.close()


async def a_session(registry: Registry, place: Placement) -> Session:
    """Attach a stream that is published at ``place``."""
    [avatar] = (await registry.avatars.list()).items
    return await registry.sessions.create(
        feed=Feed(kind=SourceKind.RTMP, url=f"rtmp://edge/{place.app}/{place.stream}"),
        avatar=avatar.id,
        operators=[],
        policy="standard@1",
        placement=place,
        at=now(),
    )


async def finish(service: Service, session: Session) -> Cut:
    """What a service does at its start about a session that is open: its new owner finishes the cut, or makes it."""
    owned = await service.registry.sessions.claim(session.id)
    standing = await service.enforcement.standing(owned)
    if standing is None:  # it died before the intent was durable: the verdict comes again
        return await service.cut(owned)
    return await service.enforcement.carry_out(owned, standing)
