"""Policies: list, read, try, write a new version."""

import json
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from monitor.api.auth import GuardedRoute, allowed
from monitor.api.listing import Limit
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from monitor.backtest import DRAFT, Compared
from protocols.backend import BackTestRequest, BackTestView, PolicyView, TrialView
from protocols.policy import Policy
from registry.apikey import ApiKey, Scope
from registry.policy import PolicyVersion

router = APIRouter(prefix="/v1/policies", tags=["policies"], route_class=GuardedRoute)

Name = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="Name of the policy.", examples=["standard"])
]


@router.get("", summary="List policies", responses=problems())
async def listed(service: Serving, key: Annotated[ApiKey, allowed(Scope.POLICIES_READ)]) -> list[PolicyView]:
    """The newest version of every policy, by name. Needs the scope `policies:read`."""
    return [view(policy) for policy in await service.registry.policies.list()]


@router.get("/{reference}", summary="Read a policy", responses=problems(404))
async def read(
    reference: Annotated[
        str,
        Path(max_length=64, description="A name for its newest version, or `name@version`.", examples=["standard@1"]),
    ],
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.POLICIES_READ)],
) -> PolicyView:
    """One version of a policy, in full. Needs the scope `policies:read`."""
    return view(await service.registry.policies.get(reference))


@router.get("/{name}/versions", summary="List the versions of a policy", responses=problems(404))
async def versions(
    name: Name,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.POLICIES_READ)],
    limit: Limit = 100,
) -> list[PolicyView]:
    """Its versions, the newest first: what sessions and verdicts of then were judged by.

    Needs the scope `policies:read`.
    """
    return [view(policy) for policy in await service.registry.policies.versions(name, most=limit)]


@router.put("/{name}", summary="Write a new version", responses=problems(408, 413))
async def write(
    name: Name,
    policy: Policy,
    request: Request,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.POLICIES_WRITE)],
) -> PolicyView:
    """Keep the document as the newest version; what it leaves out has its default.

    Versions never change, and running sessions keep theirs. A document equal to the newest version makes no new one.
    Needs the scope `policies:write`.
    """
    policy = strict(await request.body())
    if "name" in policy.model_fields_set and policy.name != name:
        raise HTTPException(422, f"The document is for the policy '{policy.name}', the path for '{name}'.")
    named = policy.model_copy(update={"name": name})
    written = await service.registry.policies.put(
        name, named.model_dump(mode="json", exclude={"name"}), at=service.clock()
    )
    return view(await service.registry.policies.get(written))


@router.post("/back-test", summary="Try a policy on sessions that are on record", responses=problems(404))
async def back_test(
    request: BackTestRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.POLICIES_READ)],
    cases: Annotated[ApiKey, allowed(Scope.CASES_READ)],
) -> BackTestView:
    """Say what a policy, or the draft of one, would have done with sessions that are over, beside what was done.

    The policy concludes from the weights in the ledger, counts absence and climbs the ladder by its own times; where a
    case keeps what its judge was told, that is judged anew (`anew`). Nothing is written. Needs the scope
    `policies:read`, and `cases:read`.
    """
    policy, policy_id = await _tried(request, service)
    page = await service.backtest.some(
        policy,
        policy_id,
        cut=request.cut,
        since=request.since,
        before=request.before,
        limit=request.limit,
        cursor=request.cursor,
    )
    return BackTestView(policy=policy_id, items=[_trial(one) for one in page.items], next=page.next)


async def _tried(request: BackTestRequest, service: Service) -> tuple[Policy, str]:
    if request.policy is None:
        return strict(json.dumps(request.document).encode()), DRAFT
    found = await service.registry.policies.get(request.policy)
    return strict(json.dumps(dict(found.document) | {"name": found.name}).encode()), found.id


def _trial(one: Compared) -> TrialView:
    session, trial = one.session, one.trial
    return TrialView(
        session=session.id,
        avatar=session.avatar,
        account=session.account,
        attached_at=session.attached_at,
        judged_by=session.policy,
        then=one.record.then,
        ordered=one.record.ordered,
        outcome=trial.outcome,
        rung=trial.rung,
        at=trial.at,
        cause=trial.cause,
        p_human=trial.p_human,
        anew=trial.anew,
        case=None if one.case is None else one.case.id,
        case_state=None if one.case is None else one.case.state,
        trouble=one.trouble,
    )


def strict(body: bytes) -> Policy:
    """The policy in ``body``, where ``true`` is no number and ``"5"`` neither. Raises RequestValidationError."""
    try:
        return Policy.model_validate_json(body, strict=True)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def view(policy: PolicyVersion) -> PolicyView:
    """The version, for the wire."""
    return PolicyView(
        id=policy.id,
        name=policy.name,
        version=policy.version,
        written_at=policy.put_at,
        document=dict(policy.document),
    )
