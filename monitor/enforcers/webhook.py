"""A platform of its own: signed commands to its endpoint, each of which it must acknowledge by name.

The commands are Standard Webhooks messages, ``{"type": "stream.cut", "data": {...}}`` with the types stream.block,
stream.cut, stream.restore, stream.status, and where it shows notices stream.slate and stream.unslate. The platform
answers 2xx with ``{"acknowledged": "<the webhook-id>"}``,
and to stream.status with ``"publishing": true`` or ``false`` beside it. A page that says 200 to everything therefore
acknowledges nothing. The same command is sent again with the same webhook-id and the same bytes.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from monitor.egress import EgressPolicy, EgressRefused, http_client
from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.exchange import Answer, ExchangeFailed, exchange
from protocols.webhook import Signer, sign

SECONDS = 5.0
"""How long a platform may take to acknowledge a command; it is asked again after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPlatform:
    """One platform: its name in placements, where it takes commands, and with which live keys they are signed.

    ``asks_status`` says whether it answers stream.status; where not, the end of our own source confirms a cut.
    ``shows_notices`` says whether it takes stream.slate and stream.unslate.
    """

    name: str
    url: str
    keys: Sequence[Signer]
    asks_status: bool = True
    shows_notices: bool = False


class WebhookEnforcer:
    """The enforcer for one platform. ``now`` is the time of day in seconds since 1970.

    ``source_ended`` says whether our own source of the order's session has seen the stream's end.
    """

    def __init__(
        self,
        platform: WebhookPlatform,
        *,
        egress: EgressPolicy,
        now: Callable[[], float],
        source_ended: Callable[[Order], Awaitable[bool]],
    ) -> None:
        self._platform = platform
        self._now = now
        self._source_ended = source_ended
        self._client: httpx.AsyncClient = http_client(egress, timeout=SECONDS)
        self._queries = count()

    async def block(self, order: Order) -> None:
        """Tell the platform to refuse the stream from now on."""
        await self._command("block", order)

    async def cut(self, order: Order) -> None:
        """Tell the platform to disconnect the publisher."""
        await self._command("cut", order)

    async def gone(self, order: Order) -> bool:
        """Ask the platform whether the stream is published, or our own source whether it has ended."""
        if not self._platform.asks_status:
            return await self._source_ended(order)
        # A query is new each time: its id must not be one that the platform has answered and remembers.
        identity = f"{order.cut}_status_{int(self._now() * 1000)}_{next(self._queries)}"
        publishing = (await self._send("status", identity, order)).get("publishing")
        if not isinstance(publishing, bool):
            raise EnforcerFailure(f"{self._who} did not say whether the stream is published", retry=True)
        return not publishing

    async def restore(self, order: Order) -> None:
        """Tell the platform to permit the stream again."""
        await self._command("restore", order)

    def slates(self, order: Order) -> bool:
        """Whether the platform shows notices."""
        return self._platform.shows_notices

    async def slate(self, order: Order) -> str:
        """Tell the platform to show a notice instead of the picture."""
        await self._command("slate", order)
        return ""

    async def unslate(self, order: Order, before: str) -> None:
        """Tell the platform to show the picture again."""
        await self._command("unslate", order)

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    @property
    def _who(self) -> str:
        return f"the platform {self._platform.name!r}"

    async def _command(self, verb: str, order: Order) -> None:
        await self._send(verb, f"{order.cut}_{verb}", order)

    async def _send(self, verb: str, identity: str, order: Order) -> dict[str, Any]:
        """Send one message and return its acknowledgement; EnforcerFailure where none came."""
        body = _body(verb, order, self._platform.name)
        signed = sign(message=identity, timestamp=int(self._now()), body=body, keys=self._platform.keys)
        headers = {"content-type": "application/json", "user-agent": "nakanohito", **signed}
        try:
            answer = await exchange(
                self._client, "POST", self._platform.url, headers=headers, content=body, seconds=SECONDS
            )
        except ExchangeFailed as error:
            raise EnforcerFailure(f"{self._who}: {error}", retry=not error.lasting) from error
        except EgressRefused as error:
            raise EnforcerFailure(f"{self._who} must not be connected to: {error}", retry=False) from error
        self._judge(answer)
        acknowledgement = _object(answer)
        if acknowledgement.get("acknowledged") != identity:
            raise EnforcerFailure(f"{self._who} answers {answer.status} and acknowledges nothing", retry=True)
        return acknowledgement

    def _judge(self, answer: Answer) -> None:
        """Raise EnforcerFailure for an answer that is not one of success."""
        if answer.accepted:
            return
        match answer.status:
            case 401 | 403:
                raise EnforcerFailure(f"{self._who} does not accept our signature", retry=False)
            case 409:
                raise EnforcerFailure(f"{self._who} has had orders of a newer epoch", retry=False)
            case status:
                retry = status >= 500 or status in {408, 425, 429}
                raise EnforcerFailure(f"{self._who} answers {status}", retry=retry)


def _body(verb: str, order: Order, server: str) -> bytes:
    """Return the message's bytes, the same for the same order whenever it is sent."""
    placement = placed(order, server)
    data = {
        "cut": order.cut,
        "session": order.session,
        "epoch": order.epoch,
        "server": placement.server,
        "app": placement.app,
        "stream": placement.stream,
        "reason": order.reason,
        "until": None if order.until is None else order.until.isoformat(),
    }
    return json.dumps({"type": f"stream.{verb}", "data": data}, ensure_ascii=False, sort_keys=True).encode()


def _object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one where it is something else."""
    try:
        value = json.loads(answer.body) if answer.whole else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
