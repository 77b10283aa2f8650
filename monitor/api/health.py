"""Health: whether the service lives, and whether it works."""

from typing import Any

from fastapi import APIRouter, Response

from monitor.api.service import Serving
from protocols.backend import HealthView

router = APIRouter(tags=["health"])

_UNWELL: dict[int | str, dict[str, Any]] = {
    503: {"model": HealthView, "description": "It does not; `reasons` say why."}
}


@router.get("/healthz", summary="Does it live?", responses=_UNWELL)
async def healthz(service: Serving, response: Response) -> HealthView:
    """200 while the service lives; anything else means that only a restart helps. Needs no key."""
    health = service.supervisor.health()
    response.status_code = 200 if health.live else 503
    return HealthView(ok=health.live, reasons=[] if health.live else list(health.reasons))


@router.get("/readyz", summary="Does it work?", responses=_UNWELL)
async def readyz(service: Serving, response: Response) -> HealthView:
    """200 while sessions can be attached and are watched; 503 with the reasons otherwise. Needs no key."""
    health = service.supervisor.health()
    response.status_code = 200 if health.ready else 503
    return HealthView(ok=health.ready, reasons=list(health.reasons))
