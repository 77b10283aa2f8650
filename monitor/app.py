"""The composition root: every part of the service is made here, given what it needs, run, and closed."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_network
from typing import assert_never

import cv2
import structlog
import uvicorn
from starlette.routing import WebSocketRoute

from monitor import checkpoints
from monitor.admission import Admission
from monitor.api.application import application
from monitor.api.own_token import OwnTokens
from monitor.api.publication import PublishTokens
from monitor.api.service import Service
from monitor.assembly import SessionAssembly
from monitor.breaker import MassBreaker
from monitor.budget import WindowBudget
from monitor.caseload import Caseload
from monitor.egress import EgressPolicy, http_client
from monitor.enforcement import Enforcement
from monitor.enforcers.block import RegisteredBlocks
from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.fence import RegisteredFence
from monitor.enforcers.fenced import Fenced
from monitor.enforcers.whip import WhipEnforcer
from monitor.events import EventFeed
from monitor.evidence import EvidenceRoom
from monitor.evidence_place import evidence_store
from monitor.gate import Bookable, PublishGate
from monitor.hooks.router import HookSettings, WhenBlind, hook_router
from monitor.identity import Provider, Providers
from monitor.journal import Journal
from monitor.keyring import administrator, ledger_key, own_secret, publish_secret, webhook_secret
from monitor.observers.likeness.sight import Sight
from monitor.operator.gateway import Gateway
from monitor.own_end import OwnEnd
from monitor.passkeys import Passkeys
from monitor.registrar import Registrar
from monitor.returns import Returns
from monitor.server_assembly import Surroundings, dialects, enforcers
from monitor.settings import Settings
from monitor.shifts import Shifts
from monitor.slates import Slates
from monitor.statements import Statements
from monitor.supervisor import Supervisor
from monitor.vigil import Vigil
from monitor.webhooks import Webhooks
from monitor.workers.pool import Pool
from protocols.breaker import BreakerLimits
from protocols.identity import Form, Issuer
from protocols.passkey.ceremony import RelyingParty
from protocols.policy import PROFILES
from protocols.session import Session
from protocols.webhook import Signer, parse_signer
from registry.notary import Notary
from registry.registry import Registry
from registry.search import MemorySearch, Search
from registry.search_pgvector import PgvectorSearch

_log = structlog.get_logger()

_GRACEFUL_S = 5
OWN = "own"
"""The enforcer of streams that end at the service itself."""


def now() -> datetime:
    """The time of day in UTC."""
    return datetime.now(UTC)


def run(settings: Settings, ready: Callable[[str], None] = lambda url: None) -> None:
    """Run the service until it is told to stop (SIGINT, SIGTERM); ``ready`` is told its URL once it serves.

    Raises RegistryError, ModelRefused, KeyringRefused and OSError for what keeps it from starting.
    """
    cv2.setNumThreads(1)  # streams are what is done in parallel
    uvicorn_loop = uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=uvicorn_loop) as runner:
        runner.run(serve(settings, ready))


async def serve(settings: Settings, ready: Callable[[str], None] = lambda url: None) -> None:
    """The service, until its server is told to stop."""
    async with AsyncExitStack() as stack:
        registry = await Registry.open(settings.database, settings.ledger)
        stack.push_async_callback(registry.close)
        await _first_start(registry, settings)
        threads = stack.enter_context(ThreadPoolExecutor(settings.threads, thread_name_prefix="sight"))
        # Threads of its own, so that judging and the ladder never wait behind pictures.
        bench = stack.enter_context(ThreadPoolExecutor(settings.threads, thread_name_prefix="judge"))
        sight = await asyncio.to_thread(Sight.load, settings.likeness.model, settings.likeness.sha256)
        search = await _search(settings, sight)
        stack.push_async_callback(search.close)
        service = _Parts(settings, registry, sight, search, threads, bench)
        stack.push_async_callback(service.close)
        await service.run(ready)


class _Parts:
    """The parts of one running service and how they hang together."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        sight: Sight,
        search: Search,
        threads: ThreadPoolExecutor,
        bench: ThreadPoolExecutor,
    ) -> None:
        self._settings = settings
        self._registry = registry
        egress = _egress(settings)
        keys = _webhook_keys(settings)
        feed = EventFeed(registry.ledger.head.number + 1)  # each event has its entry, so that no number comes twice
        self._client = http_client(egress)
        self._webhooks = Webhooks(registry.outbox, self._client, keys, clock=now)
        journal = Journal(registry.ledger, registry.outbox, feed, now, wake=self._webhooks.wake)
        self._own_end = OwnEnd(lambda session: self._supervisor.pipeline(session))
        around = Surroundings(
            blocks=RegisteredBlocks(registry.blocks, now),
            fence=RegisteredFence(registry.sessions),
            egress=egress,
            now=time.time,
            source_ended=self._source_ended,
        )
        own = Fenced(WhipEnforcer(self._own_end), around.fence, around.blocks)
        self._enforcers = {OWN: own, **enforcers(settings.servers, around, settings.obs)}
        enforcement = Enforcement(registry, journal, self._enforcer_of)
        self._vigil = Vigil(registry, enforcement, now)
        party = _relying_party(settings)
        self._passkeys = Passkeys(registry.passkeys, party, now)
        self._shifts = Shifts(
            registry=registry,
            passkeys=self._passkeys,
            journal=journal,
            pipeline=lambda session: self._supervisor.pipeline(session),
            clock=now,
        )
        self._breaker = MassBreaker(
            _breaker_limits(settings),
            pipelines=lambda: self._supervisor.pipelines(),
            journal=journal,
            page_url=settings.breaker.page_url,
        )
        admission = Admission(registry, lambda session: self._supervisor.pipeline(session), self._shifts, self._breaker)
        self._gateway = Gateway(
            admit=admission.admit,
            arrive=self._shifts.arrive,
            feed=admission.feed,
            note=admission.note,
            origins=frozenset({*settings.operator.origins, *party.origins}),
        )
        self._shifts.channels = self._gateway
        self._evidence = EvidenceRoom(
            registry,
            evidence_store(settings),
            clock=now,
            retention=settings.evidence.retention,
            model=sight.encoder.sha256,
        )
        returns = Returns(registry, journal, model=sight.encoder.sha256, calibration=sight.encoder.calibration)
        self._workers = _pool(settings)
        assembly = SessionAssembly(
            registry=registry,
            journal=journal,
            enforcement=enforcement,
            slates=Slates(registry, journal, self._enforcer_of),
            returns=returns,
            gateway=self._gateway,
            sight=sight,
            search=search,
            threads=threads,
            bench=bench,
            budget=WindowBudget(settings.windows),
            egress=egress,
            encoding_anew=lambda: self._registrar.reencoding.going_on,
            ice_servers=tuple(server.url for server in settings.whip.ice_servers),
            evidence=self._evidence,
            workers=self._workers,
        )
        self._notary = Notary(registry.ledger, ledger_key(settings.data_dir), settings.checkpoints.name)
        self._supervisor = Supervisor(
            registry=registry,
            journal=journal,
            enforcement=enforcement,
            returns=returns,
            feed=feed,
            assembly=assembly,
            egress=egress,
            servers=frozenset(settings.servers),
            clock=now,
            witness=self._breaker,
            workers=self._workers,
            holder=sha256(str(self._notary.verifier).encode()).hexdigest()[:16],  # its ledger's, which is its alone
        )
        settings.ledger_key.write_text(f"{self._notary.verifier}\n")
        self._gate = self._make_gate()
        self._registrar = Registrar(
            registry=registry,
            sight=sight,
            search=search,
            remove_barred=self._supervisor.remove_barred,
            forget=self._supervisor.forget,
            clock=now,
            four_eyes=settings.avatars.four_eyes,
        )
        self._statements = Statements(registry, journal, self._gateway.notify)
        self._caseload = Caseload(registry, self._supervisor.restore, self._evidence, now)
        self._api = Service(
            supervisor=self._supervisor,
            registrar=self._registrar,
            caseload=self._caseload,
            evidence=self._evidence,
            registry=registry,
            settings=settings,
            tokens=PublishTokens(publish_secret(settings.data_dir)),
            notary=self._notary,
            passkeys=self._passkeys,
            own_tokens=OwnTokens(own_secret(settings.data_dir)),
            shifts=self._shifts,
            breaker=self._breaker,
            providers=Providers(_providers(settings), self._client, now),
            clock=now,
        )

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until the server is told to stop."""
        server = _Server(self._server_config(), ready)
        await self._registrar.load()
        async with asyncio.TaskGroup() as group:
            held = asyncio.Event()
            tasks = [
                group.create_task(self._webhooks.run(), name="webhooks"),
                group.create_task(self._supervisor.run(held.set), name="supervisor"),
                group.create_task(self._vigil.run(), name="vigil"),
                group.create_task(self._shifts.follow(), name="shifts"),
                group.create_task(self._breaker.run(), name="breaker"),
                group.create_task(
                    checkpoints.keep(self._notary, now, every=self._settings.checkpoints.every_s), name="checkpoints"
                ),
                group.create_task(self._registrar.keep(), name="registrar"),
                group.create_task(self._caseload.keep(), name="caseload"),
                group.create_task(self._evidence.run(), name="evidence"),
                group.create_task(self._statements.run(), name="statements"),
            ]
            if self._workers is not None:
                tasks.append(group.create_task(self._workers.run(), name="workers"))
            await held.wait()
            await server.serve()
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        """Close what the parts have open."""
        await self._gate.close()
        for enforcer in self._enforcers.values():
            await enforcer.close()
        await self._client.aclose()

    def _server_config(self) -> uvicorn.Config:
        app = application(
            self._api,
            gateway=[WebSocketRoute("/v1/operator", self._gateway)],
            hooks=hook_router(self._gate, _hook_settings(self._settings, self._enforcers)),
            lifespan=self._lifespan,
        )
        return uvicorn.Config(
            app,
            host=self._settings.host,
            port=self._settings.port,
            ws="websockets-sansio",
            ws_per_message_deflate=False,  # a compressed frame could become a thousand times its size
            ws_max_size=65_536,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACEFUL_S,
        )

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        yield
        await self._gateway.shutdown()

    def _make_gate(self) -> PublishGate:
        return PublishGate(
            self._registry.blocks,
            self._registry.bookings,
            Bookable(
                watch={name: server.watch for name, server in self._settings.servers.items()},
                refuses_unbooked=self._settings.hooks.unbooked == "refuse",
            ),
            attach=self._supervisor.attach,
            session=self._registry.sessions.get,
            clock=now,
        )

    def _enforcer_of(self, session: Session) -> tuple[str, Fenced]:
        name = OWN if session.placement is None else session.placement.server
        if name not in self._enforcers:  # sessions and blocks outlive the settings that they were made under
            raise EnforcerFailure(f"no server '{name}' is in the settings any more; put it back", retry=False)
        return name, self._enforcers[name]

    async def _source_ended(self, order: Order) -> bool:
        pipeline = self._supervisor.pipeline(order.session)
        return pipeline is None or pipeline.blind_because is not None


def _pool(settings: Settings) -> Pool | None:
    """The workers of the settings; none where the service holds its streams itself."""
    if not settings.workers:
        return None
    likeness = settings.likeness
    model = None if likeness.model is None else str(likeness.model)
    return Pool(settings.workers, {"model": model, "sha256": likeness.sha256, "threads": settings.threads})


class _Server(uvicorn.Server):
    """A server that says where it serves, once it does; port 0 is only known then."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        if self.should_exit:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


async def _search(settings: Settings, sight: Sight) -> Search:
    match settings.likeness.search:
        case "memory":
            return MemorySearch(sight.encoder.length)
        case "pgvector":
            return await PgvectorSearch.at(settings.database, sight.encoder.length)
        case never:
            assert_never(never)


async def _first_start(registry: Registry, settings: Settings) -> None:
    """The policies and the administrator's key that every service has."""
    for profile in PROFILES:
        await registry.policies.put(profile.name, profile.model_dump(mode="json", exclude={"name"}), at=now())
    await administrator(registry, settings.admin_key, now())


def _egress(settings: Settings) -> EgressPolicy:
    allowed = settings.egress
    return EgressPolicy(
        schemes=frozenset({"http", "https", "rtmp", "rtmps"}),
        allowed_networks=tuple(allowed.allowed_networks),
        ports=None if allowed.ports is None else frozenset(allowed.ports),
        directory=allowed.directory,
    )


def _relying_party(settings: Settings) -> RelyingParty:
    given = settings.passkeys
    origins = given.origins or (f"http://localhost:{settings.port}",)
    return RelyingParty(id=given.domain, name=given.name, origins=origins)


def _breaker_limits(settings: Settings) -> BreakerLimits:
    given = settings.breaker
    return BreakerLimits(least=given.least, sessions=given.sessions, share=given.share, within_s=given.within_s)


def _providers(settings: Settings) -> tuple[Provider, ...]:
    return tuple(
        Provider(
            issuer=Issuer(
                name=given.issuer,
                form=Form(given.form),
                audience=given.audience,
                assurances=frozenset(given.assurances),
            ),
            keys=given.keys,
            keys_url=given.keys_url,
        )
        for given in settings.identity.values()
    )


def _webhook_keys(settings: Settings) -> Sequence[Signer]:
    given = [secret.get_secret_value() for secret in settings.webhooks.secrets]
    return [parse_signer(secret) for secret in given or [webhook_secret(settings.data_dir)]]


def _hook_settings(settings: Settings, made: Mapping[str, Fenced]) -> HookSettings:
    token = settings.hooks.token
    return HookSettings(
        servers=dialects(settings.servers, made),
        networks=[ip_network(str(network)) for network in settings.hooks.networks],
        token=None if token is None else token.get_secret_value(),
        when_blind=WhenBlind(settings.hooks.when_blind),
    )
