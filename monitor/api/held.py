"""Whether all cuts are held, since many sessions lost their operators at once, and letting them go on."""

from typing import Annotated

from fastapi import APIRouter

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from protocols.backend import HeldView, RestoreRequest
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/held", tags=["cuts"], route_class=IdempotentRoute)


@router.get("", summary="Are all cuts held?", responses=problems())
async def held(service: Serving, key: Annotated[ApiKey, allowed(Scope.CUTS_READ)]) -> HeldView:
    """Whether every ladder stands still, and why. Needs the scope `cuts:read`."""
    return _view(service)


@router.post("/release", summary="Let cuts go on", responses=problems())
async def release(
    request: RestoreRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.CUTS_RESTORE)],
    idempotency_key: IdempotencyKey = None,
) -> HeldView:
    """Let every ladder go on where it stood: a person has looked. Needs the scope `cuts:restore`.

    Where nothing is held nothing changes.
    """
    service.breaker.release(by=key.id, because=request.reason)
    return _view(service)


def _view(service: Service) -> HeldView:
    tripped = service.breaker.tripped
    if tripped is None:
        return HeldView(held=False)
    losses = {loss.value: count for loss, count in tripped.losses.items()}
    return HeldView(
        held=True, because=tripped.words, lapsed=tripped.lapsed, of=tripped.of, losses=losses, lost=service.breaker.lost
    )
