"""LiveKit webhooks: signed JSON about what has happened already, so that a refusal removes the participant.

The signature is a token whose ``sha256`` is that of the body; whatever is answered, the participant is in the room. An
answer other than of success is told again by LiveKit, which is what we want where removing has failed.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Response
from fastapi.responses import PlainTextResponse

from monitor.enforcers.enforcer import EnforcerFailure
from monitor.hooks.hook import Asked, Hook, HookRefused, Moment, place
from protocols.session import Placement
from protocols.signing.jwt import TokenRefused, read

_MOMENTS = {"participant_joined": Moment.STAY, "track_published": Moment.PUBLISH, "participant_left": Moment.ENDED}


class LiveKitHooks:
    """The dialect of LiveKit; ``remove`` takes a participant out of its room."""

    kind = "livekit"
    signed = True

    def __init__(self, *, api_key: str, api_secret: str, remove: Callable[[Placement], Awaitable[None]]) -> None:
        self._key = api_key
        self._secret = api_secret
        self._remove = remove

    def read(self, hook: Hook) -> Asked | None:
        """What has happened; rooms, egress and ingress are not ours to judge."""
        self._verify(hook)
        told = hook.document()
        moment = _MOMENTS.get(str(told.get("event")))
        if moment is None:
            return None
        room, participant = _part(told, "room"), _part(told, "participant")
        placement = place(hook.server, room.get("name"), participant.get("identity"))
        operator = _part(participant, "attributes").get("operator")
        return Asked(moment=moment, placement=placement, operator=operator if isinstance(operator, str) else None)

    def permit(self, asked: Asked | None) -> Response:
        """200."""
        return PlainTextResponse("permitted")

    async def refuse(self, asked: Asked, reason: str) -> Response:
        """Remove the participant; 503 where that fails, so that we are told again."""
        try:
            await self._remove(asked.placement)
        except EnforcerFailure as failure:
            return PlainTextResponse(str(failure), status_code=503)
        return PlainTextResponse(reason)

    def _verify(self, hook: Hook) -> None:
        token = hook.headers.get("authorization", "").removeprefix("Bearer ").strip()
        try:
            claims = read(token, self._secret, now=hook.now)
        except TokenRefused as refused:
            raise HookRefused(f"the webhook is not LiveKit's: {refused}", 401) from refused
        digest = b64encode(hashlib.sha256(hook.body).digest()).decode()
        if claims.get("iss") != self._key or not hmac.compare_digest(
            str(claims.get("sha256")).encode(), digest.encode()
        ):
            raise HookRefused("the webhook's token is for another body or of another key", 401)


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name, {})
    if not isinstance(part, dict):
        raise HookRefused(f"the webhook's {name} is none")
    return part
