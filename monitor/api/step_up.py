"""Stepping up: what hurts is done only by an account whose passkey was asked for a few minutes ago (RFC 9470).

API keys are not asked: they belong to programs, which have no finger.
"""

from fastapi import HTTPException, Request

from monitor.api.service import Service
from monitor.api.visitor import patience
from protocols.case import DECIDED
from registry.error import NotFound
from registry.signin import SignIn

KIND = "step-up"
HURTS = frozenset(
    {
        "accounts-change",
        "accounts-invite",
        "accounts-invite_again",
        "avatars-merge",
        "avatars-revoke",
        "cases-decide_many",
        "cuts-release",
        "cuts-restore",
        "keys-create",
        "keys-revoke",
        "negatives-release_negative",
        "operators-revoke",
        "passkeys-revoke",
        "policies-write",
        "protected-release",
        "registrations-approve",
        "registrations-propose",
        "reviews-reject",
        "strikes-take_back",
    }
)
"""Operations that are hard to undo, whatever they are about."""


class StepUpNeeded(HTTPException):
    """The account has to use its passkey once more."""

    kind = KIND

    def __init__(self) -> None:
        super().__init__(
            401,
            "This is hard to undo: use your passkey once more, then try again.",
            {"www-authenticate": 'Bearer error="insufficient_user_authentication"'},
        )


async def refuse_stale(operation: str, request: Request, service: Service, visitor: SignIn) -> None:
    """Raise StepUpNeeded where the operation hurts and the account's passkey was not asked for of late."""
    if visitor.fresh(service.clock(), patience(service)):
        return
    if operation in HURTS or (operation == "cases-decide" and await _weighs(request, service)):
        raise StepUpNeeded


async def _weighs(request: Request, service: Service) -> bool:
    """Whether deciding the case is a matter for two people: a long block, or a decision that is turned round."""
    try:
        case = await service.registry.cases.get(request.path_params["case"])
    except NotFound:
        return False
    return case.four_eyes or case.state in DECIDED
