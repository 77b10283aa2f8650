"""Operators: enrol, list, read, add a device, revoke."""

from base64 import b64encode
from typing import Annotated

from fastapi import APIRouter, Path, Response

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import (
    DeviceKeyRequest,
    EnrolOperator,
    OperatorView,
    Page,
    ProfileRequest,
    VerifyOperator,
    key_bytes,
)
from protocols.session import OperatorId
from registry.apikey import ApiKey, Scope
from registry.operator import Operator

router = APIRouter(prefix="/v1/operators", tags=["operators"], route_class=IdempotentRoute)

OperatorPath = Annotated[str, Path(max_length=64, description="Id of the operator.", examples=["op_7h2m9q0d5k1wz"])]


@router.post("", status_code=201, summary="Enrol an operator", responses=problems(408, 409, 413))
async def enrol(
    request: EnrolOperator,
    response: Response,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> OperatorView:
    """Enrol a person whose identity an issuer has checked, with the key of the person's device.

    Neither a real name nor an ID number is taken or stored: who it is can be told by the issuer alone. Needs the
    scope `operators:write`.
    """
    operator = await service.registry.operators.enrol(
        pseudonym=request.pseudonym,
        issuer=request.issuer,
        assurance=request.assurance,
        verified_at=request.verified_at or service.clock(),
        device_keys=[key_bytes(request.device_key)],
        at=service.clock(),
    )
    response.headers["location"] = f"/v1/operators/{operator.id}"
    return view(operator)


@router.post("/verifications", summary="Enrol or verify anew", responses=problems(409, 413))
async def verify(
    request: VerifyOperator,
    response: Response,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> OperatorView:
    """Enrol a person by what an identity provider of the settings has verified, or note that it did so anew.

    The token is an OpenID Connect ID token with `verified_claims`, or an assertion that your platform has signed. 201
    where the person is enrolled by it, 200 where they were. Needs the scope `operators:write`.
    """
    identity = await service.providers.verified(request.token)
    operators = service.registry.operators
    known = await operators.known(identity.issuer, identity.pseudonym)
    at = service.clock()
    keys = [] if request.device_key is None else [key_bytes(request.device_key)]
    if known is None:
        operator = await operators.enrol(
            pseudonym=identity.pseudonym,
            issuer=identity.issuer,
            assurance=identity.assurance,
            verified_at=identity.verified_at,
            device_keys=keys,
            at=at,
        )
        response.status_code = 201
        response.headers["location"] = f"/v1/operators/{operator.id}"
        return view(operator)
    operator = await operators.verified(known.id, assurance=identity.assurance, verified_at=identity.verified_at)
    for device in keys:
        operator = await operators.add_device_key(operator.id, device, at=at)
    return view(operator)


@router.get("", summary="List operators", responses=problems())
async def listed(
    service: Serving, key: Annotated[ApiKey, allowed(Scope.OPERATORS_READ)], limit: Limit = 100, cursor: Cursor = None
) -> Page[OperatorView]:
    """Operators, newest first; each of them can read that you looked. Needs the scope `operators:read`."""
    page = await service.registry.operators.list(limit=limit, cursor=cursor)
    await service.looked([operator.id for operator in page.items], by=key.id, what="list")
    return Page(items=[view(operator) for operator in page.items], next=page.next)


@router.get("/{operator}", summary="Read an operator", responses=problems(404))
async def read(
    operator: OperatorPath, service: Serving, key: Annotated[ApiKey, allowed(Scope.OPERATORS_READ)]
) -> OperatorView:
    """One operator, who can read that you looked. Needs the scope `operators:read`."""
    found = await service.registry.operators.get(OperatorId(operator))
    await service.looked([found.id], by=key.id, what="operator")
    return view(found)


@router.post("/{operator}/device-keys", summary="Add a device", responses=problems(404, 409, 413))
async def add_device_key(
    operator: OperatorPath,
    request: DeviceKeyRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> OperatorView:
    """Let the operator connect from another device too. Needs the scope `operators:write`."""
    added = await service.registry.operators.add_device_key(
        OperatorId(operator), key_bytes(request.device_key), at=service.clock()
    )
    return view(added)


@router.post("/{operator}/device-keys/remove", summary="Remove a device", responses=problems(404, 413))
async def remove_device_key(
    operator: OperatorPath,
    request: DeviceKeyRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> OperatorView:
    """Let a device's key count no more, as when it is lost: its channels are closed at once and its shifts end.

    Without any key left the operator comes in by none until another is added. Needs the scope `operators:write`.
    """
    device = key_bytes(request.device_key)
    return view(await service.shifts.remove_device(OperatorId(operator), device, by=key.id))


@router.put("/{operator}/profile", summary="Say what an operator cannot do", responses=problems(404, 413))
async def profile(
    operator: OperatorPath,
    request: ProfileRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_WRITE)],
) -> OperatorView:
    """Never ask the operator for these movements; sessions that begin from now on heed it.

    Needs the scope `operators:write`.
    """
    return view(await service.registry.operators.spare(OperatorId(operator), request.cannot))


@router.post("/{operator}/revoke", summary="Revoke an operator", responses=problems(404, 409))
async def revoke(
    operator: OperatorPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> OperatorView:
    """Take the operator's right to drive away, for good. So many registrations are changed alone within an hour, more
    are a batch (`POST /v1/registry-batches`). Needs the scope `operators:write`."""
    found = await service.registry.operators.get(OperatorId(operator))
    await service.batches.one(key.id)
    revoked = await service.registry.operators.revoke(
        found.id, by=key.id, because="no reason given", at=service.clock()
    )
    return view(revoked)


def view(operator: Operator) -> OperatorView:
    """The operator, for the wire."""
    return OperatorView(
        id=operator.id,
        issuer=operator.issuer,
        pseudonym=operator.pseudonym,
        assurance=operator.assurance,
        verified_at=operator.verified_at,
        state=operator.state.value,
        cannot=sorted(ability.value for ability in operator.cannot),
        device_keys=[b64encode(key).decode() for key in operator.device_keys],
    )
