"""SRS ``http_hooks``: JSON; 200 with the code 0 permits, anything else disconnects the publisher."""

from fastapi import Response
from fastapi.responses import JSONResponse

from monitor.hooks.hook import Asked, Hook, HookRefused, Moment, operator_in, place

_MOMENTS = {"on_publish": Moment.PUBLISH, "on_unpublish": Moment.ENDED}


class SrsHooks:
    """The dialect of SRS; ``vhost`` is the one of the settings, since a placement does not name it."""

    kind = "srs"
    signed = False

    def __init__(self, vhost: str = "__defaultVhost__") -> None:
        self._vhost = vhost

    def read(self, hook: Hook) -> Asked | None:
        """What is asked; players and recordings are not ours to judge."""
        told = hook.document()
        moment = _MOMENTS.get(str(told.get("action")))
        if moment is None:
            return None
        if told.get("vhost") != self._vhost:
            raise HookRefused("this vhost is not the one of the settings; give it a server of its own there", 403)
        placement = place(hook.server, told.get("app"), told.get("stream"))
        return Asked(moment=moment, placement=placement, operator=operator_in(told.get("param")))

    def permit(self, asked: Asked | None) -> Response:
        """The code 0."""
        return JSONResponse({"code": 0})

    async def refuse(self, asked: Asked, reason: str) -> Response:
        """Another code, with the reason for SRS' log."""
        return JSONResponse({"code": 403, "msg": reason}, 403)
