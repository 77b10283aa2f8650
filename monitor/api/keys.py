"""API keys: create, list, revoke."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import KeyCreated, KeyRequest, KeyView
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=IdempotentRoute)


@router.post("", status_code=201, summary="Create a key", responses=problems(408, 413))
async def create(
    request: KeyRequest,
    response: Response,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.ADMIN)],
    idempotency_key: IdempotencyKey = None,
) -> KeyCreated:
    """Create an API key; its secret is shown in this answer and never again. Needs the scope `admin`."""
    unknown = sorted(set(request.scopes) - set(Scope))
    if unknown:
        known = ", ".join(Scope)
        raise HTTPException(422, f"There is no scope {', '.join(unknown)}; there are {known}.")
    made, secret = await service.registry.keys.create(
        name=request.name,
        scopes=[Scope(scope) for scope in request.scopes],
        at=service.clock(),
        expires_at=request.expires_at,
    )
    response.headers["location"] = f"/v1/keys/{made.id}"
    return KeyCreated(**dict(view(made)), secret=secret)


@router.get("", summary="List keys", responses=problems())
async def listed(service: Serving, key: Annotated[ApiKey, allowed(Scope.ADMIN)]) -> list[KeyView]:
    """Every key without its secret, oldest first, the revoked ones included. Needs the scope `admin`."""
    return [view(one) for one in await service.registry.keys.list()]


@router.delete("/{id}", summary="Revoke a key", responses=problems(404))
async def revoke(
    id: Annotated[str, Path(max_length=64, description="Id of the key.", examples=["key_1b2c8e0t5m3vz"])],  # noqa: A002
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.ADMIN)],
) -> KeyView:
    """Refuse the key from now on, for good. Needs the scope `admin`."""
    return view(await service.registry.keys.revoke(id, at=service.clock()))


def view(key: ApiKey) -> KeyView:
    """The key, for the wire."""
    return KeyView(
        id=key.id,
        name=key.name,
        scopes=sorted(scope.value for scope in key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )
