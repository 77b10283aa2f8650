"""OvenMediaEngine AdmissionWebhooks: signed JSON; always answered 200, with ``allowed`` in the body."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from urllib.parse import urlsplit

from fastapi import Response
from fastapi.responses import JSONResponse

from monitor.hooks.hook import Asked, Hook, HookRefused, Moment, operator_in, place

_MOMENTS = {"opening": Moment.PUBLISH, "closing": Moment.ENDED}


class OvenMediaEngineHooks:
    """The dialect of OvenMediaEngine; ``secret`` is the SecretKey of its AdmissionWebhooks."""

    kind = "ovenmediaengine"
    signed = True

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def read(self, hook: Hook) -> Asked | None:
        """What is asked; viewers (outgoing) are not ours to judge."""
        digest = hmac.digest(self._secret.encode(), hook.body, hashlib.sha1)  # what OvenMediaEngine signs with
        ours = urlsafe_b64encode(digest).rstrip(b"=")
        if not hmac.compare_digest(hook.headers.get("x-ome-signature", "").rstrip("=").encode(), ours):
            raise HookRefused("the signature in X-OME-Signature is missing or wrong", 401)
        request = hook.document().get("request")
        if not isinstance(request, dict):
            raise HookRefused("the webhook has no request")
        moment = _MOMENTS.get(str(request.get("status")))
        if request.get("direction") != "incoming" or moment is None:
            return None
        try:
            url = urlsplit(str(request.get("url")))
        except ValueError:
            raise HookRefused("the webhook's url is none") from None
        names = url.path.strip("/").split("/")
        if len(names) != 2:
            raise HookRefused("the webhook's url names no application and stream")
        return Asked(moment=moment, placement=place(hook.server, *names), operator=operator_in(url.query))

    def permit(self, asked: Asked | None) -> Response:
        """``allowed``; nothing where a stream has ended."""
        return JSONResponse({} if asked is not None and asked.moment is Moment.ENDED else {"allowed": True})

    async def refuse(self, asked: Asked, reason: str) -> Response:
        """Not ``allowed``, with the reason."""
        return JSONResponse({"allowed": False, "reason": reason})
