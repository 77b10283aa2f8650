"""nginx-rtmp: ``on_publish``, ``on_update`` and ``on_publish_done`` post forms; 200 permits, anything else does not."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from fastapi import Response
from fastapi.responses import PlainTextResponse

from monitor.hooks.hook import FIELDS, Asked, Hook, HookRefused, Moment, operator_in, place

_OURS = ("call", "name", "app", "addr", "clientid", "operator")
_MOMENTS = {"publish": Moment.PUBLISH, "update_publish": Moment.STAY, "publish_done": Moment.ENDED}


class NginxRtmpHooks:
    """The dialect of nginx-rtmp."""

    kind = "nginx-rtmp"
    signed = False

    def read(self, hook: Hook) -> Asked | None:
        """What is asked; players, connections and recordings are not ours to judge."""
        fields = parse_form(hook.body)
        if "call" not in fields:
            raise HookRefused("the notification does not say what it is about")
        moment = _MOMENTS.get(fields["call"])
        if moment is None:
            return None
        placement = place(hook.server, fields.get("app"), fields.get("name"))
        operator = operator_in({"operator": fields["operator"]} if "operator" in fields else None)
        return Asked(moment=moment, placement=placement, operator=operator)

    def permit(self, asked: Asked | None) -> Response:
        """200."""
        return PlainTextResponse("permitted")

    async def refuse(self, asked: Asked, reason: str) -> Response:
        """403; nginx disconnects the publisher."""
        return PlainTextResponse(reason, status_code=403)


def parse_form(body: bytes) -> Mapping[str, str]:
    """Read a urlencoded form; HookRefused for one that cannot be nginx's.

    A publisher writes the end of it: what stands after a question mark in its URL is appended as it is. So a field of
    nginx's own that comes twice is an attempt to pass for another stream. A plus sign is a plus sign: nginx writes a
    space as %20.
    """
    pairs = [part.partition(b"=") for part in body.split(b"&") if part]
    if len(pairs) > FIELDS:
        raise HookRefused(f"the notification has more than {FIELDS} fields")
    fields: dict[str, str] = {}
    for raw_name, _, raw_value in pairs:
        try:
            name, value = unquote_to_bytes(raw_name).decode(), unquote_to_bytes(raw_value).decode()
        except UnicodeDecodeError:
            raise HookRefused("the notification is not in UTF-8") from None
        if name in fields and name in _OURS:
            raise HookRefused(f"the notification has the field {name} twice")
        fields.setdefault(name, value)
    return fields
