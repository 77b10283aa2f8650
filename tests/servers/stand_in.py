"""Stand-ins for media servers that cannot be installed here: they behave as their documentation says, and no better.

A kick is answered before it is done (``lag`` looks later), as with all of the real ones.
"""

import json
from collections.abc import Mapping
from typing import Any, Self

import httpx

from tests.servers.receiver import Receiver, Reply, Request

Place = tuple[str, str]


def document(value: object, status: int = 200) -> Reply:
    """An answer of JSON."""
    return Reply(status=status, body=json.dumps(value).encode(), headers={"content-type": "application/json"})


class StandIn:
    """What all of them have: who is live, who is dying, an API, and a hook that is asked before somebody is live."""

    def __init__(self) -> None:
        self.receiver = Receiver(self._answer)
        self.hook_url: str | None = None
        self.live: dict[Place, str] = {}
        self.disconnected = 0
        self.lag = 2
        self._dying: dict[Place, int] = {}
        self._count = 0

    @property
    def url(self) -> str:
        """Its API."""
        return self.receiver.url

    async def publish(self, app: str, stream: str) -> bool:
        """Try to publish; whether it is live then."""
        if not await self.admits(app, stream):
            return False
        self._count += 1
        self.live[app, stream] = self.number(self._count)
        return True

    async def admits(self, app: str, stream: str) -> bool:
        """Whether a publisher is let in; by default whatever the hook says."""
        return await self.asks(app, stream)

    def number(self, count: int) -> str:
        """The id of the n-th publisher."""
        return f"c{count}"

    async def asks(self, app: str, stream: str) -> bool:
        """Ask the hook in the server's own way, and take its answer as the server does."""
        raise NotImplementedError

    def answer(self, request: Request) -> Reply:
        """Answer a request of the API."""
        raise NotImplementedError

    def kick(self, place: Place) -> None:
        """Begin to disconnect a publisher."""
        if place in self.live:
            self._dying.setdefault(place, self.lag)

    def look(self) -> None:
        """Somebody asks who is live: what was to be disconnected is, a look at a time."""
        for place in list(self._dying):
            self._dying[place] -= 1
            if self._dying[place] <= 0:
                del self._dying[place]
                self.disconnected += self.live.pop(place, None) is not None

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response | None:
        """Post to the hook; None where nobody answers."""
        if self.hook_url is None:
            return None
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                return await client.post(self.hook_url, content=body, headers=dict(headers or {}))
            except httpx.TransportError:
                return None

    async def __aenter__(self) -> Self:
        await self.receiver.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.receiver.stop()

    def _answer(self, request: Request) -> Reply:
        return self.answer(request)


def given(request: Request) -> dict[str, Any]:
    """The JSON object of a request."""
    found: dict[str, Any] = json.loads(request.body)
    return found
