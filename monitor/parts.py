"""The parts of one running service, and how they hang together: each is made where another first needs it."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256

import httpx
import uvicorn
from starlette.routing import WebSocketRoute

from monitor import checkpoints, configured
from monitor.admission import Admission
from monitor.api.application import application
from monitor.api.own_token import OwnTokens
from monitor.api.publication import PublishTokens
from monitor.api.service import Service
from monitor.assembly import SessionAssembly
from monitor.backtest import BackTest
from monitor.breaker import MassBreaker
from monitor.budget import WindowBudget
from monitor.bulk import Batches
from monitor.caseload import Caseload
from monitor.claims import Claims
from monitor.egress import EgressPolicy, http_client
from monitor.enforcement import Enforcement
from monitor.enforcers.block import RegisteredBlocks
from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.fence import RegisteredFence
from monitor.enforcers.fenced import Fenced
from monitor.enforcers.whip import WhipEnforcer
from monitor.events import EventFeed
from monitor.evidence import EvidenceRoom
from monitor.evidence_place import evidence_spool, evidence_store
from monitor.gate import Bookable, PublishGate
from monitor.hooks.router import hook_router
from monitor.identity import Providers
from monitor.journal import Journal
from monitor.keyring import ledger_key, own_secret, publish_secret
from monitor.leases import Leases
from monitor.observers.likeness.sight import Sight
from monitor.openid import OpenIdProviders
from monitor.operator.gateway import Gateway
from monitor.operator.wire import Wire
from monitor.own_end import OwnEnd
from monitor.passkeys import Passkeys
from monitor.pipeline import Pipeline
from monitor.quarantine import Quarantined
from monitor.recollection import Recollection
from monitor.registrar import Registrar
from monitor.returns import Returns
from monitor.server_assembly import Surroundings, enforcers
from monitor.settings import Settings
from monitor.shifts import Shifts
from monitor.slates import Slates
from monitor.statements import Statements
from monitor.supervisor import Supervisor
from monitor.tidings import Tidings
from monitor.verification import Reminders
from monitor.vigil import Vigil
from monitor.webhooks import Webhooks
from monitor.workers.pool import Pool
from protocols.session import Session
from registry.notary import Notary
from registry.registry import Registry
from registry.search import Search

_GRACEFUL_S = 5
OWN = "own"
"""The enforcer of streams that end at the service itself."""


def now() -> datetime:
    """The time of day in UTC."""
    return datetime.now(UTC)


class Parts:
    """The parts of one running service.

    Those that need each other ask through the supervisor, which has a pipeline for each session once it runs.
    """

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
        self._sight = sight
        self._search = search
        self._threads = threads
        self._bench = bench

    # ---- what everything else speaks through

    @cached_property
    def _egress(self) -> EgressPolicy:
        return configured.egress(self._settings)

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        return http_client(self._egress)

    @cached_property
    def _feed(self) -> EventFeed:
        # Each event has its entry, so that no number comes twice.
        return EventFeed(self._registry.ledger.head.number + 1)

    @cached_property
    def _webhooks(self) -> Webhooks:
        return Webhooks(self._registry.outbox, self._client, configured.webhook_keys(self._settings), clock=now)

    @cached_property
    def _journal(self) -> Journal:
        registry = self._registry
        return Journal(registry.ledger, registry.outbox, self._feed, now, wake=self._webhooks.wake)

    @cached_property
    def _notary(self) -> Notary:
        key = ledger_key(self._settings.data_dir)
        return Notary(self._registry.ledger, key, self._settings.checkpoints.name)

    # ---- cutting

    @cached_property
    def _enforcers(self) -> Mapping[str, Fenced]:
        around = Surroundings(
            blocks=RegisteredBlocks(self._registry.blocks, now),
            fence=RegisteredFence(self._registry.sessions),
            egress=self._egress,
            now=time.time,
            source_ended=self._source_ended,
        )
        own = Fenced(WhipEnforcer(OwnEnd(self._pipeline)), around.fence, around.blocks)
        return {OWN: own, **enforcers(self._settings.servers, around, self._settings.obs)}

    @cached_property
    def _slates(self) -> Slates:
        return Slates(self._registry, self._journal, self._enforcer_of)

    @cached_property
    def _enforcement(self) -> Enforcement:
        return Enforcement(self._registry, self._journal, self._enforcer_of)

    @cached_property
    def _vigil(self) -> Vigil:
        return Vigil(self._registry, self._enforcement, now)

    @cached_property
    def _breaker(self) -> MassBreaker:
        return MassBreaker(
            configured.breaker_limits(self._settings),
            pipelines=lambda: self._supervisor.pipelines(),
            journal=self._journal,
            page_url=self._settings.breaker.page_url,
        )

    @cached_property
    def _gate(self) -> PublishGate:
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

    # ---- operators

    @cached_property
    def _passkeys(self) -> Passkeys:
        return Passkeys(self._registry.passkeys, configured.relying_party(self._settings), now)

    @cached_property
    def _shifts(self) -> Shifts:
        return Shifts(
            registry=self._registry,
            passkeys=self._passkeys,
            journal=self._journal,
            pipeline=self._pipeline,
            clock=now,
        )

    @cached_property
    def _reminders(self) -> Reminders:
        return Reminders(self._registry, self._journal, now, self._settings.operator.backend_url)

    @cached_property
    def _gateway(self) -> Gateway:
        admission = Admission(self._registry, self._pipeline, self._shifts, self._breaker, self._recollection)
        gateway = Gateway(
            admit=admission.admit,
            arrive=self._shifts.arrive,
            feed=admission.feed,
            note=admission.note,
            origins=frozenset({*self._settings.operator.origins, *self._passkeys.party.origins}),
        )
        self._shifts.channels = gateway
        return gateway

    @cached_property
    def _recollection(self) -> Recollection:
        return Recollection(
            self._registry.prints,
            pipeline=self._pipeline,
            threads=self._bench,
            clock=now,
            days=self._settings.operator.motion_days,
        )

    # ---- watching

    @cached_property
    def _workers(self) -> Pool | None:
        return configured.pool(self._settings)

    @cached_property
    def _returns(self) -> Returns:
        encoder = self._sight.encoder
        return Returns(self._registry, self._journal, model=encoder.sha256, calibration=encoder.calibration)

    @cached_property
    def _supervisor(self) -> Supervisor:
        return Supervisor(
            registry=self._registry,
            journal=self._journal,
            enforcement=self._enforcement,
            returns=self._returns,
            feed=self._feed,
            assembly=self._assembly,
            egress=self._egress,
            servers=frozenset(self._settings.servers),
            clock=now,
            witness=self._breaker,
            workers=self._workers,
            leases=self._leases,
        )

    @cached_property
    def _leases(self) -> Leases:
        holder = sha256(str(self._notary.verifier).encode()).hexdigest()[:16]  # its ledger's, which is its alone
        return Leases(self._registry.sessions, now, holder=holder, seconds=self._settings.lease_s)

    @cached_property
    def _assembly(self) -> SessionAssembly:
        return SessionAssembly(
            registry=self._registry,
            journal=self._journal,
            enforcement=self._enforcement,
            slates=self._slates,
            returns=self._returns,
            gateway=self._gateway,
            sight=self._sight,
            search=self._search,
            threads=self._threads,
            bench=self._bench,
            budget=WindowBudget(self._settings.windows),
            egress=self._egress,
            encoding_anew=lambda: self._registrar.reencoding.going_on,
            ice_servers=tuple(server.url for server in self._settings.whip.ice_servers),
            evidence=self._evidence,
            workers=self._workers,
        )

    # ---- the registry and those who answer for it

    @cached_property
    def _registrar(self) -> Registrar:
        return Registrar(
            registry=self._registry,
            sight=self._sight,
            search=self._search,
            remove_barred=self._supervisor.remove_barred,
            forget=self._supervisor.forget,
            clock=now,
            four_eyes=self._settings.avatars.four_eyes,
        )

    @cached_property
    def _evidence(self) -> EvidenceRoom:
        return EvidenceRoom(
            self._registry,
            evidence_store(self._settings),
            clock=now,
            retention=self._settings.evidence.retention,
            model=self._sight.encoder.sha256,
            spool=evidence_spool(self._settings),
        )

    @cached_property
    def _caseload(self) -> Caseload:
        return Caseload(
            self._registry, self._supervisor.restore, self._evidence, now, self._feed, unslate=self._slates.lift
        )

    @cached_property
    def _statements(self) -> Statements:
        return Statements(self._registry, self._journal, self._gateway.notify)

    @cached_property
    def _tidings(self) -> Tidings:
        return Tidings(self._registry, self._supervisor.pipelines, self._gateway.notify_one, now)

    @cached_property
    def _api(self) -> Service:
        return Service(
            supervisor=self._supervisor,
            registrar=self._registrar,
            batches=Batches(self._registry, self._registrar, now, alone_an_hour=self._settings.avatars.alone_an_hour),
            caseload=self._caseload,
            evidence=self._evidence,
            claims=Claims(self._registry, self._registrar, self._evidence),
            backtest=BackTest(self._registry, self._evidence),
            registry=self._registry,
            settings=self._settings,
            tokens=PublishTokens(publish_secret(self._settings.data_dir)),
            notary=self._notary,
            passkeys=self._passkeys,
            own_tokens=OwnTokens(own_secret(self._settings.data_dir)),
            shifts=self._shifts,
            breaker=self._breaker,
            providers=Providers(configured.providers(self._settings), self._client, now),
            openid=OpenIdProviders(
                configured.sign_in(self._settings),
                self._registry.passkeys,
                self._client,
                now,
                origin=self._passkeys.party.origins[0],
            ),
            clock=now,
        )

    # ---- running them

    def web(self) -> uvicorn.Config:
        """What the web server serves. Raises KeyringRefused, RegistryError."""
        app = application(
            self._api,
            gateway=[WebSocketRoute("/v1/operator", self._gateway)],
            hooks=hook_router(self._gate, configured.hook_settings(self._settings, self._enforcers)),
            lifespan=self._lifespan,
        )
        return uvicorn.Config(
            app,
            host=self._settings.host,
            port=self._settings.port,
            ws=Wire,
            ws_per_message_deflate=False,  # a compressed frame could become a thousand times its size
            ws_max_size=65_536,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACEFUL_S,
        )

    async def run(self, server: uvicorn.Server) -> None:
        """Serve until the server is told to stop."""
        self._settings.ledger_key.write_text(f"{self._notary.verifier}\n")
        await self._registrar.load()
        async with asyncio.TaskGroup() as group:
            held = asyncio.Event()
            tasks = [
                group.create_task(self._webhooks.run(), name="webhooks"),
                group.create_task(self._supervisor.run(held.set), name="supervisor"),
                group.create_task(self._vigil.run(), name="vigil"),
                group.create_task(self._shifts.follow(), name="shifts"),
                group.create_task(self._recollection.run(), name="recollection"),
                group.create_task(self._breaker.run(), name="breaker"),
                group.create_task(self._reminders.run(), name="reminders"),
                group.create_task(
                    checkpoints.keep(self._notary, now, every=self._settings.checkpoints.every_s), name="checkpoints"
                ),
                group.create_task(self._registrar.keep(), name="registrar"),
                group.create_task(self._caseload.keep(), name="caseload"),
                group.create_task(self._evidence.run(), name="evidence"),
                group.create_task(self._statements.run(), name="statements"),
                group.create_task(self._tidings.run(), name="tidings"),
            ]
            if self._workers is not None:
                tasks.append(group.create_task(self._workers.run(), name="workers"))
                tasks.append(group.create_task(self._quarantined(self._workers).run(), name="quarantine"))
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

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        yield
        await self._gateway.shutdown()

    def _quarantined(self, workers: Pool) -> Quarantined:
        within = self._settings.deadlines.report()
        return Quarantined(self._registry, self._journal, workers.apart, within=within)

    def _pipeline(self, session: str) -> Pipeline | None:
        return self._supervisor.pipeline(session)

    def _enforcer_of(self, session: Session) -> tuple[str, Fenced]:
        name = OWN if session.placement is None else session.placement.server
        if name not in self._enforcers:  # sessions and blocks outlive the settings that they were made under
            raise EnforcerFailure(f"no server '{name}' is in the settings any more; put it back", retry=False)
        return name, self._enforcers[name]

    async def _source_ended(self, order: Order) -> bool:
        pipeline = self._pipeline(order.session)
        return pipeline is None or pipeline.blind_because is not None
