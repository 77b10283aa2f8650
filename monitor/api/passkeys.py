"""Passkeys: invite, register, list, revoke. The pages that register have no API key: the invitation is what counts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.operators import OperatorPath
from monitor.api.reference import open_problems, problems
from monitor.api.service import Serving, paced
from protocols.backend import (
    CeremonyView,
    InvitationView,
    PasskeyView,
    RegistrationAnswer,
    RegistrationRequest,
    key_bytes,
)
from protocols.session import OperatorId
from registry.apikey import ApiKey, Scope
from registry.error import Conflict
from registry.passkey import Passkey
from registry.state import OperatorState

router = APIRouter(tags=["passkeys"], route_class=IdempotentRoute)
pages = APIRouter(prefix="/v1/passkeys", tags=["passkeys"])
"""What a browser asks that has no API key."""

PasskeyPath = Annotated[str, Path(max_length=64, description="Id of the passkey.", examples=["pk_5d0k9s1w7e2xn"])]
CeremonyPath = Annotated[
    str, Path(max_length=64, description="Id of the ceremony.", examples=["cer_8w1x5m0d3k9q7h2z6v4t1b0cjy"])
]


@router.post(
    "/v1/operators/{operator}/invitations",
    status_code=201,
    summary="Invite to register a passkey",
    responses=problems(404, 409),
)
async def invite(
    operator: OperatorPath,
    response: Response,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_WRITE)],
) -> InvitationView:
    """Let the operator register one passkey, once, within three days.

    The code is shown here alone. Needs the scope `operators:write`.
    """
    found = await service.registry.operators.get(OperatorId(operator))
    if found.state is OperatorState.REVOKED:
        raise Conflict(f"Operator {operator} is revoked.", other=operator)
    invitation, code = await service.registry.passkeys.invite(found.id, at=service.clock())
    response.headers["cache-control"] = "no-store"
    link = f"{service.passkeys.party.origins[0]}/operator/invitation#{code}"
    return InvitationView(id=invitation.id, holder=found.id, code=code, link=link, expires_at=invitation.expires_at)


@router.get("/v1/operators/{operator}/passkeys", summary="List an operator's passkeys", responses=problems(404))
async def listed(
    operator: OperatorPath, service: Serving, key: Annotated[ApiKey, allowed(Scope.OPERATORS_READ)]
) -> list[PasskeyView]:
    """The passkeys that count, oldest first. Needs the scope `operators:read`."""
    found = await service.registry.operators.get(OperatorId(operator))
    await service.looked([found.id], by=key.id, what="passkeys")
    return [view(passkey) for passkey in await service.registry.passkeys.of(found.id)]


@router.post(
    "/v1/operators/{operator}/passkeys/{passkey}/revoke", summary="Revoke a passkey", responses=problems(404, 409)
)
async def revoke(
    operator: OperatorPath,
    passkey: PasskeyPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> PasskeyView:
    """Let a passkey count no more, as when its device is lost; a shift that began by it ends at once.

    Without any passkey left the operator needs another invitation. Needs the scope `operators:write`.
    """
    return view(await service.shifts.revoke_passkey(OperatorId(operator), passkey))


@pages.post(
    "/registrations",
    status_code=201,
    summary="Begin to register a passkey",
    responses=open_problems(404, 413, 429, 503),
    dependencies=[Depends(paced)],
)
async def begin(request: RegistrationRequest, response: Response, service: Serving) -> CeremonyView:
    """Begin, by the code of an invitation; no API key is needed. The options go to the browser as they are."""
    begun = await service.passkeys.begin_registration(request.code)
    response.headers["cache-control"] = "no-store"
    return CeremonyView(ceremony=begun.ceremony, options=begun.options)


@pages.post(
    "/registrations/{ceremony}",
    status_code=201,
    summary="Register a passkey",
    responses=open_problems(404, 409, 413, 503),
)
async def finish(ceremony: CeremonyPath, request: RegistrationAnswer, service: Serving) -> PasskeyView:
    """End the registration with what the browser gave; the invitation is used up by it.

    With `device_key` an operator's device is made known as well, to open the channel with.
    """
    passkey = await service.passkeys.finish_registration(ceremony, request.credential)
    if request.device_key is not None:
        device = key_bytes(request.device_key)
        await service.registry.operators.add_device_key(OperatorId(passkey.holder), device, at=service.clock())
    return view(passkey)


def view(passkey: Passkey) -> PasskeyView:
    """The passkey, for the wire."""
    return PasskeyView(
        id=passkey.id,
        holder=passkey.holder,
        synced=passkey.synced,
        authenticator=passkey.aaguid,
        added_at=passkey.added_at,
        used_at=passkey.used_at,
        revoked_at=passkey.revoked_at,
    )
