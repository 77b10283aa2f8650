"""MediaMTX HTTP authentication: JSON for every action of every client; 20x permits, anything else does not.

It authenticates the control API the same way unless told not to (``authHTTPExclude``), and that is not ours to open.
"""

from fastapi import Response
from fastapi.responses import PlainTextResponse

from monitor.enforcers.mediamtx import PATHLESS
from monitor.hooks.hook import Asked, Hook, HookRefused, Moment, operator_in, place

_VIEWING = ("read", "playback")


class MediaMtxHooks:
    """The dialect of MediaMTX."""

    kind = "mediamtx"
    signed = False

    def read(self, hook: Hook) -> Asked | None:
        """What is asked; viewers are not ours to judge, and its API, metrics and profiles are for nobody here."""
        told = hook.document()
        if told.get("action") in _VIEWING:
            return None
        if told.get("action") != "publish":
            raise HookRefused("exclude api, metrics and pprof from the authentication by HTTP (authHTTPExclude)", 403)
        path = told.get("path")
        if not isinstance(path, str) or path.startswith(f"{PATHLESS}/"):
            raise HookRefused("this is no path that can be booked")
        app, slash, stream = path.rpartition("/")
        placement = place(hook.server, app if slash else PATHLESS, stream)
        return Asked(moment=Moment.PUBLISH, placement=placement, operator=operator_in(told.get("query")))

    def permit(self, asked: Asked | None) -> Response:
        """204."""
        return Response(status_code=204)

    async def refuse(self, asked: Asked, reason: str) -> Response:
        """403; MediaMTX ends the connection."""
        return PlainTextResponse(reason, status_code=403)
