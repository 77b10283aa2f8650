"""The application: every router, inside one envelope."""

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.routing import BaseRoute

from monitor.api import (
    accesses,
    accounts,
    appeals,
    avatars,
    bookings,
    case_batches,
    cases,
    consents,
    cuts,
    events,
    exposition,
    health,
    held,
    keys,
    ledger,
    operators,
    own,
    own_cases,
    own_keys,
    pages,
    passkey_page,
    passkeys,
    policies,
    portal,
    problem,
    protected,
    reference,
    registry_batches,
    reports,
    reviews,
    sessions,
    shifts,
    signin,
    signin_provider,
    strikes,
    wall,
    whip,
)
from monitor.api.envelope import Envelope
from monitor.api.origin import WhipOrigins
from monitor.api.service import Service

_ROUTERS: Sequence[APIRouter] = (
    sessions.router,
    events.router,
    cuts.router,
    held.router,
    cases.router,
    appeals.router,
    own_cases.router,
    own_keys.router,
    reports.router,
    reports.open_router,
    strikes.router,
    case_batches.router,
    registry_batches.router,
    bookings.router,
    whip.router,
    avatars.router,
    reviews.router,
    consents.router,
    protected.router,
    operators.router,
    passkeys.router,
    passkeys.pages,
    own.router,
    shifts.router,
    shifts.pages,
    accesses.router,
    accesses.own,
    passkey_page.router,
    portal.router,
    policies.router,
    keys.router,
    signin.router,
    signin_provider.router,
    accounts.router,
    wall.router,
    ledger.router,
    health.router,
    exposition.router,
)


def application(
    service: Service,
    *,
    gateway: Iterable[BaseRoute] = (),
    hooks: APIRouter | None = None,
    lifespan: Callable[[FastAPI], Any] | None = None,
) -> FastAPI:
    """The HTTP API over ``service``; ``gateway``: routes of the operators' channel, ``hooks``: of media servers."""
    app = FastAPIOffline(  # its pages come from here: a monitor's network may not reach a CDN
        redoc_url=None,
        static_url="/docs/static",
        title="Nakanohito",
        version=_version(),
        lifespan=lifespan,
        generate_unique_id_function=_name,
    )
    app.state.service = service
    for router in _ROUTERS:
        app.include_router(router)
    if hooks is not None:
        app.include_router(hooks)
    app.router.routes.extend(gateway)
    app.router.routes.extend(pages.routes())
    problem.install(app)
    reference.describe(app)
    app.add_middleware(WhipOrigins, origins=service.settings.whip.origins)
    app.add_middleware(Envelope)
    return app


def _version() -> str:
    try:
        return version("nakanohito")
    except PackageNotFoundError:  # run from a folder without installing
        return "0"


def _name(route: Any) -> str:
    """The operation's id: ``sessions-attach``."""
    return f"{route.tags[0] if route.tags else 'other'}-{route.name}"
