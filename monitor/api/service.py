"""What the API stands on: the supervisor as the API sees it, the registry, the settings and the clock."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from monitor.api.own_token import OwnTokens
from monitor.api.pace import FILING_ALL, FILING_EACH, Pace
from monitor.api.publication import Publications, PublishTokens
from monitor.api.trail import Trail
from monitor.backtest import BackTest
from monitor.breaker import MassBreaker
from monitor.bulk import Batches
from monitor.caseload import Caseload
from monitor.claims import Claims
from monitor.evidence import EvidenceRoom
from monitor.identity import Providers
from monitor.openid import OpenIdProviders
from monitor.orders import CutOrder
from monitor.passkeys import Passkeys
from monitor.registrar import Registrar
from monitor.settings import Settings
from monitor.shifts import Shifts
from monitor.sources.whip import WhipEnd
from protocols.backend import AttachRequest, SessionEvent, SessionStatus
from protocols.session import CutId, OperatorId, Session, SessionId
from registry.cut import Cut
from registry.notary import Notary
from registry.registry import Registry


class Health(Protocol):
    """Whether the service lives, whether it can take sessions, and if not, why."""

    @property
    def live(self) -> bool:
        """False where only a restart helps."""

    @property
    def ready(self) -> bool:
        """Whether sessions can be attached and are watched."""

    @property
    def reasons(self) -> list[str]:
        """Why it is not ready, a sentence each."""


class Feed(Protocol):
    """Events of the sessions, in order."""

    def subscribe(self, session: str | None = None, after: int | None = None) -> AsyncIterator[SessionEvent]:
        """Events from now on, or those ``after`` a number first. Raises FollowerTooSlow, never leaves a hole."""


class Supervisor(Protocol):
    """Who runs the sessions."""

    @property
    def feed(self) -> Feed:
        """What happens to them."""

    async def attach(self, request: AttachRequest, *, account: str) -> Session:
        """Begin a session. Raises RegistryError, EgressRefused, AttachRefused."""

    async def end(self, session_id: SessionId, because: str) -> Session:
        """End a session without a cut. Raises NotFound."""

    async def status(self, session_id: SessionId) -> SessionStatus:
        """Where a session stands now. Raises NotFound."""

    def whip(self, session_id: SessionId) -> WhipEnd | None:
        """Our end of a WHIP session that is running here."""

    async def order(self, session_id: SessionId, order: CutOrder) -> None:
        """Have a person's order to cut carried out. Raises NotFound, Conflict."""

    async def restore(self, cut_id: CutId, *, by: str, reason: str) -> Cut:
        """Let a cut stream publish again. Raises RegistryError, EnforcerFailure."""

    def health(self) -> Health:
        """How the service is."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that a request may need."""

    supervisor: Supervisor
    registry: Registry
    settings: Settings
    registrar: Registrar
    batches: Batches
    caseload: Caseload
    evidence: EvidenceRoom
    claims: Claims
    tokens: PublishTokens
    notary: Notary
    passkeys: Passkeys
    shifts: Shifts
    providers: Providers
    openid: OpenIdProviders
    breaker: MassBreaker
    backtest: BackTest
    publications: Publications = field(default_factory=Publications)
    own_tokens: OwnTokens = field(default_factory=OwnTokens)
    trail: Trail = field(default_factory=Trail)
    pace: Pace = field(default_factory=Pace)
    filing: Pace = field(default_factory=lambda: Pace(FILING_EACH, FILING_ALL))
    clock: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic

    async def looked(self, operators: Sequence[OperatorId], *, by: str, what: str) -> None:
        """Note that somebody looks at operators' data, before it is shown. Raises RegistryError; then it is not."""
        await self.registry.accesses.note(operators, by=by, what=what, at=self.clock())


def of(request: Request) -> Service:
    """The service that a request is for."""
    return cast("Service", request.app.state.service)


async def paced(request: Request) -> None:
    """Let a browser without an API key try only so often: each try is kept until it ends. Raises HTTPException 429."""
    service = of(request)
    service.pace.spend(request.client.host if request.client else "", service.monotonic())


async def _serving(request: Request) -> Service:
    return of(request)  # asynchronous, since FastAPI sends what is not to a thread


Serving = Annotated[Service, Depends(_serving)]
