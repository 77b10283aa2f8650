"""A world for the API to stand in: a supervisor written by hand, over the real registry and the real event feed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from monitor.api.application import application
from monitor.api.publication import PublishTokens
from monitor.api.service import Service
from monitor.backtest import BackTest
from monitor.breaker import MassBreaker
from monitor.bulk import Batches
from monitor.caseload import Caseload
from monitor.claims import Claims
from monitor.egress import EgressRefused
from monitor.events import EventFeed
from monitor.evidence import EvidenceRoom
from monitor.identity import Provider, Providers
from monitor.journal import Journal
from monitor.observers.likeness.sight import Sight
from monitor.openid import OpenIdProvider, OpenIdProviders
from monitor.orders import CutOrder
from monitor.passkeys import Passkeys
from monitor.pipeline import Pipeline
from monitor.refusal import AttachRefused
from monitor.registrar import Registrar
from monitor.settings import Settings
from monitor.shifts import Shifts
from monitor.sources.sdp import SdpRefused
from protocols.backend import AttachRequest, EventType, SessionStatus, SessionView
from protocols.breaker import BreakerLimits
from protocols.likeness import LikenessCalibration
from protocols.measure import StrikeSubject
from protocols.passkey.ceremony import RelyingParty
from protocols.policy import PROFILES, STANDARD, Policy
from protocols.session import AvatarId, CutId, OperatorId, Session, SessionId, SessionState, SourceKind
from registry.apikey import Scope
from registry.avatar import Submission
from registry.cut import Cut
from registry.evidence_store import EvidenceStore, Folder
from registry.notary import Notary
from registry.reference import Reference
from registry.registry import Registry
from registry.search import MemorySearch

SERVERS = {
    "edge": {
        "kind": "nginx-rtmp",
        "control_url": "http://127.0.0.1:1/control",
        "stat_url": "http://127.0.0.1:1/stat",
        "watch": "rtmp://127.0.0.1/{app}/{stream}",
    },
    "blind": {"kind": "webhook", "url": "http://127.0.0.1:1/x", "secrets": ["whsec_" + "A" * 32]},
}
PARTY = RelyingParty(id="localhost", name="Nakanohito", origins=("http://localhost:8470",))
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@dataclass
class FakeHealth:
    live: bool = True
    ready: bool = True
    reasons: list[str] = field(default_factory=list)


@dataclass
class FakeWhip:
    live: bool = False
    offers: list[str] = field(default_factory=list)

    async def answer(self, offer_sdp: str) -> str:
        if "m=video" not in offer_sdp:
            raise SdpRefused("the offer has no video; offer one video track")
        self.offers.append(offer_sdp)
        self.live = True
        return "v=0\r\nthe answer"

    async def hang_up(self) -> None:
        self.live = False


class FakeSupervisor:
    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.feed = EventFeed()
        self.state = FakeHealth()
        self.whips: dict[SessionId, FakeWhip] = {}
        self.fault: Exception | None = None
        self.restored: list[tuple[str, str, str]] = []
        self.unslated: list[str] = []
        self.ordered: list[tuple[str, CutOrder]] = []
        self.removed: list[dict[SessionId, str]] = []
        self.forgotten: list[AvatarId] = []

    async def attach(self, request: AttachRequest, *, account: str) -> Session:
        if self.fault is not None:
            raise self.fault
        if request.url is not None and "169.254" in request.url:
            raise EgressRefused("the address is not public")
        feed = request.feed()
        if feed.kind is SourceKind.RTMP and request.placement is None:
            raise AttachRefused("say where to cut this stream")
        session = await self.registry.sessions.create(
            feed=feed,
            avatar=AvatarId(request.avatar),
            operators=[OperatorId(operator) for operator in request.operators],
            policy=(await self.registry.policies.get(request.policy or "standard")).id,
            at=NOW,
            callback_url=request.callback_url,
            placement=request.place(),
            account=account,
        )
        if feed.kind is SourceKind.WHIP:
            self.whips[session.id] = FakeWhip()
        self.feed.publish(EventType.SESSION_ATTACHED, session.id, NOW, {})
        return session

    async def end(self, session_id: SessionId, because: str) -> Session:
        session = await self.registry.sessions.get(session_id)
        ended = await self.registry.sessions.move(
            session_id, SessionState.ENDED, because=because, epoch=session.epoch, at=NOW
        )
        self.feed.publish(EventType.SESSION_ENDED, session_id, NOW, {"because": because})
        return ended

    async def remove_barred(self) -> None:
        self.removed.append(dict(await self.registry.sessions.barred(at=NOW)))

    def forget(self, avatar: AvatarId) -> None:
        self.forgotten.append(avatar)

    async def status(self, session_id: SessionId) -> SessionStatus:
        return SessionStatus(**dict(SessionView.of(await self.registry.sessions.get(session_id))))

    def whip(self, session_id: SessionId) -> FakeWhip | None:
        return self.whips.get(session_id)

    async def restore(self, cut_id: CutId, *, by: str, reason: str) -> Cut:
        self.restored.append((cut_id, by, reason))
        return await self.registry.cuts.restore(cut_id, at=NOW)

    async def unslate(self, session: Session) -> None:
        self.unslated.append(session.id)

    async def order(self, session_id: SessionId, order: CutOrder) -> None:
        await self.registry.sessions.get(session_id)
        self.ordered.append((session_id, order))

    def health(self) -> FakeHealth:
        return self.state


@dataclass
class FakeEncoder:
    """The encoder of a world whose avatars have vectors of eight numbers."""

    sha256: str = "m"
    length: int = 8
    calibration: LikenessCalibration = field(
        default_factory=lambda: LikenessCalibration(
            centre=0.5,
            slope=12,
            cap=4,
            memory=0.5,
            independent_s=2,
            least_confidence=0.3,
            full_confidence=0.7,
            stale_s=20,
        )
    )


@dataclass
class FakeSight:
    """For tests that encode nothing."""

    encoder: FakeEncoder = field(default_factory=FakeEncoder)


@dataclass(kw_only=True)
class Running:
    """What is asked of a session that runs."""

    session: Session
    policy: Policy


@dataclass(kw_only=True)
class World:
    app: FastAPI
    client: httpx.AsyncClient
    registry: Registry
    supervisor: FakeSupervisor
    service: Service
    secret: str
    avatar: str
    operator: str
    pipelines: dict[str, Running]

    async def runs(self, session: str, policy: Policy = STANDARD) -> None:
        """Let a session count as one that runs here, judged by ``policy``."""
        found = await self.registry.sessions.get(SessionId(session))
        self.pipelines[session] = Running(session=found, policy=policy)

    async def key(self, *scopes: Scope) -> dict[str, str]:
        """Headers with a new key of these scopes."""
        _, secret = await self.registry.keys.create(name="some", scopes=scopes, at=NOW)
        return {"authorization": f"Bearer {secret}"}

    def wish(self, **changes: object) -> dict[str, object]:
        """What attaches a WHIP session, changed."""
        return {"source": {"kind": "whip"}, "avatar": self.avatar, "operators": [self.operator], **changes}

    async def attached(self, **changes: object) -> dict[str, object]:
        answer = await self.client.post("/v1/sessions", json=self.wish(**changes))
        assert answer.status_code == 201, answer.text
        return cast("dict[str, object]", answer.json())


async def build(
    folder: Path,
    registry: Registry,
    *,
    sight: Sight | None = None,
    providers: tuple[Provider, ...] = (),
    sign_in: tuple[OpenIdProvider, ...] = (),
    party: RelyingParty = PARTY,
    clock: Callable[[], datetime] = lambda: NOW,
    **settings: object,
) -> World:
    """A world with an avatar, an operator and the profiles; ``client`` has the administrator's key."""
    for policy in PROFILES:
        await registry.policies.put(policy.name, policy.model_dump(mode="json"), at=NOW)
    operator = await registry.operators.enrol(
        pseudonym="b2f6", issuer="id.example", assurance="high", verified_at=NOW, device_keys=[bytes(32)], at=NOW
    )
    avatar = await _avatar(registry)
    _, secret = await registry.keys.create(name="admin", scopes=[Scope.ADMIN], at=NOW)
    chosen = Settings(data_dir=folder, **{"servers": SERVERS, **settings})  # type: ignore[arg-type]
    supervisor = FakeSupervisor(registry)
    seeing = sight or cast("Sight", FakeSight())
    registrar = Registrar(
        registry=registry,
        sight=seeing,
        search=MemorySearch(seeing.encoder.length),
        remove_barred=supervisor.remove_barred,
        forget=supervisor.forget,
        clock=clock,
        four_eyes=chosen.avatars.four_eyes,
    )
    await registrar.load()
    passkeys = Passkeys(registry.passkeys, party, clock)
    feed = EventFeed()
    journal = Journal(registry.ledger, registry.outbox, feed, clock, wake=lambda: None)
    pipelines: dict[str, Running] = {}
    shifts = Shifts(
        registry=registry,
        passkeys=passkeys,
        journal=journal,
        pipeline=lambda session: cast("Pipeline | None", pipelines.get(session)),
        clock=clock,
    )
    evidence = EvidenceRoom(registry, EvidenceStore(Folder(folder / "evidence")), clock=clock)
    service = Service(
        supervisor=supervisor,
        registry=registry,
        settings=chosen,
        registrar=registrar,
        batches=Batches(registry, registrar, clock, alone_an_hour=chosen.avatars.alone_an_hour),
        caseload=Caseload(registry, supervisor.restore, evidence, clock, supervisor.feed, unslate=supervisor.unslate),
        evidence=evidence,
        claims=Claims(registry, registrar, evidence),
        backtest=BackTest(registry, evidence),
        tokens=PublishTokens(bytes(32)),
        notary=Notary(registry.ledger, Ed25519PrivateKey.from_private_bytes(bytes(32)), "log.example"),
        passkeys=passkeys,
        shifts=shifts,
        breaker=MassBreaker(BreakerLimits(), pipelines=list, journal=journal, page_url=None),
        providers=Providers(providers, httpx.AsyncClient(), clock),
        openid=OpenIdProviders(
            sign_in, registry.passkeys, httpx.AsyncClient(trust_env=False), clock, origin=party.origins[0]
        ),
        clock=clock,
    )
    app = application(service)
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(
        transport=transport, base_url="http://test", headers={"authorization": f"Bearer {secret}"}
    )
    return World(
        app=app,
        client=client,
        registry=registry,
        supervisor=supervisor,
        service=service,
        secret=secret,
        avatar=avatar,
        operator=operator.id,
        pipelines=pipelines,
    )


async def _avatar(registry: Registry) -> str:
    reference = Reference(digest=bytes(32), vector=np.eye(1, 8, dtype=np.float32)[0])
    submission = Submission(name="Hoshi", owner="studio", references=[reference], model="m")
    return (await registry.avatars.register(submission, at=NOW)).id


async def cut(world: World, session: str, *, hours: int | None = 1) -> str:
    """Cut a session in the registry for so long, or until it is restored; confirmed."""
    made = await world.registry.cuts.intend(
        session=SessionId(session),
        epoch=1,
        rule="presence",
        cause="no operator of the roster is connected",
        evidence={"driver": "AI"},
        enforcer="whip",
        at=NOW,
        until=None if hours is None else NOW + timedelta(hours=hours),
        steps=[{"rung": "notify"}],
    )
    struck = {StrikeSubject.AVATAR: [made.avatar], StrikeSubject.ACCOUNT: ["channel-1"]}
    await world.registry.cuts.confirm(made.id, epoch=1, at=NOW, seconds=0.25, struck=struck)
    await world.registry.sessions.move(SessionId(session), SessionState.CUT, because="cut", epoch=1, at=NOW)
    return made.id
