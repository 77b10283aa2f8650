"""Accounts of moderators: invite, list, change."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from monitor.api.auth import GuardedRoute, allowed
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from protocols.backend import AccountChange, AccountInvited, AccountRequest, AccountView
from registry.account import Account
from registry.apikey import ApiKey, Scope
from registry.error import Conflict
from registry.state import AccountState, Role

router = APIRouter(prefix="/v1/accounts", tags=["accounts"], route_class=GuardedRoute)

AccountPath = Annotated[str, Path(max_length=64, description="Id of the account.", examples=["acc_3k9d7m2x8q0ab"])]
Administering = Annotated[ApiKey, allowed(Scope.ADMIN)]

INVITED = "account.invited"
CHANGED = "account.changed"


@router.post("", status_code=201, summary="Invite a moderator", responses=problems(409, 413))
async def invite(request: AccountRequest, response: Response, service: Serving, key: Administering) -> AccountInvited:
    """Make an account, and a link that lets whoever opens it first register its passkey. Needs the scope `admin`."""
    at = service.clock()
    account = await service.registry.accounts.create(name=request.name, role=Role(request.role), by=key.id, at=at)
    response.headers["location"] = f"/v1/accounts/{account.id}"
    return await _invited(service, account, key)


@router.get("", summary="List accounts", responses=problems())
async def listed(service: Serving, key: Administering) -> list[AccountView]:
    """Every account, oldest first, the suspended ones included. Needs the scope `admin`."""
    return [view(account) for account in await service.registry.accounts.list()]


@router.get("/handles", summary="Read who is who", responses=problems())
async def handles(service: Serving, key: Annotated[ApiKey, allowed(Scope.CASES_READ)]) -> dict[str, str]:
    """The handle of every account by its id, as cases and reports name them. Needs the scope `cases:read`."""
    return {account.id: account.name for account in await service.registry.accounts.list()}


@router.post("/{account}/invitations", status_code=201, summary="Invite again", responses=problems(404, 409))
async def invite_again(account: AccountPath, service: Serving, key: Administering) -> AccountInvited:
    """Another link for an account, as for a second passkey or where the first was lost. Needs the scope `admin`."""
    found = await service.registry.accounts.get(account)
    if not found.active:
        raise Conflict(f"Account {account} is suspended; reinstate it first.", other=account)
    if found.issuer is not None:
        raise Conflict(f"Account {account} signs in at {found.issuer}, not by a passkey.", other=account)
    return await _invited(service, found, key)


@router.patch("/{account}", summary="Change an account", responses=problems(404, 413))
async def change(account: AccountPath, request: AccountChange, service: Serving, key: Administering) -> AccountView:
    """Give another role, suspend or reinstate. Suspending signs out everywhere. Needs the scope `admin`."""
    role = None if request.role is None else Role(request.role)
    state = None if request.state is None else AccountState(request.state)
    changed = await service.registry.accounts.change(account, role=role, state=state)
    at = service.clock()
    if not changed.active:
        await service.registry.signins.end_all(account, at=at)
    body = {"by": key.id, "role": changed.role.value, "state": changed.state.value}
    await service.registry.ledger.append(CHANGED, "", account, body, at)
    return view(changed)


async def _invited(service: Service, account: Account, key: ApiKey) -> AccountInvited:
    at = service.clock()
    _, code = await service.registry.passkeys.invite(account.id, at=at)
    await service.registry.ledger.append(INVITED, "", account.id, {"by": key.id, "role": account.role.value}, at)
    return AccountInvited(**dict(view(account)), link=f"{service.passkeys.party.origins[0]}/console/invitation#{code}")


def view(account: Account) -> AccountView:
    """The account, for the wire."""
    return AccountView(
        id=account.id,
        name=account.name,
        role=account.role.value,
        state=account.state.value,
        created_at=account.created_at,
        created_by=account.created_by,
        issuer=account.issuer,
    )
