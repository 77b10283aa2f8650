"""node-media-server: posts JSON about every session and closes the one it told of unless it is answered 200.

It does not wait for the answer: a refused stream is on air for the moment that the answer takes, and one that nobody
answers for stays. ``postPublish`` comes right after ``prePublish``, but only where its own login let the publisher in.
"""

from fastapi import Response
from fastapi.responses import PlainTextResponse

from monitor.hooks.hook import Asked, Hook, Moment, operator_in, place

_MOMENTS = {"postPublish": Moment.PUBLISH, "donePublish": Moment.ENDED}


class NodeMediaServerHooks:
    """The dialect of node-media-server 4."""

    kind = "node-media-server"
    signed = False

    def read(self, hook: Hook) -> Asked | None:
        """What is asked; players and recordings are not ours to judge."""
        told = hook.document()
        moment = _MOMENTS.get(str(told.get("action")))
        if moment is None:
            return None
        placement = place(hook.server, told.get("app"), told.get("name"))
        return Asked(moment=moment, placement=placement, operator=operator_in(told.get("query")))

    def permit(self, asked: Asked | None) -> Response:
        """200."""
        return PlainTextResponse("permitted")

    async def refuse(self, asked: Asked, reason: str) -> Response:
        """403; the server closes the session."""
        return PlainTextResponse(reason, status_code=403)
