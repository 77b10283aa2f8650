"""WHEP: video pulled from an SFU by offering to receive it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

import httpx

from monitor.egress import EgressPolicy, EgressRefused, HostUnknown, Resolve, http_client, resolve
from monitor.sources.feed import Feed
from monitor.sources.reception import Reception
from monitor.sources.ring import Ring
from monitor.sources.sdp import LONGEST, SdpRefused
from monitor.sources.source import Limit, Patience, SourceEvent, Watch

REDIRECTS = 3
DELETE_WITHIN = 2.0
CLOSE_WITHIN = 4.8


class WhepSource:
    """A stream at a WHEP endpoint, connected to anew whenever it falls silent. ``token`` is sent as bearer's."""

    def __init__(
        self,
        url: str,
        *,
        zero: float,
        policy: EgressPolicy,
        token: str | None = None,
        patience: Patience | None = None,
        limit: Limit | None = None,
        keyframe_every: float = 1.0,
        ice_servers: tuple[str, ...] = (),
        resolve: Resolve = resolve,
        ring: Ring | None = None,
    ) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise EgressRefused("a WHEP endpoint is an http or https URL")
        self._url = url
        self._patience = patience or Patience()
        self._feed = Feed(zero=zero, patience=self._patience, ring=ring)
        self._limit = limit or Limit()
        self._policy = policy
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._keyframe_every = keyframe_every
        self._ice_servers = ice_servers
        self._resolve = resolve
        self._reception: Reception | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def dropped(self) -> int:
        """Pictures that nobody fetched in time."""
        return self._feed.dropped

    @property
    def corrupt(self) -> int:
        """Decoding errors, and frames that were decoded with errors."""
        return self._feed.corrupt

    def watch(self, mode: Watch) -> None:
        """Watch every frame from the next keyframe, which is asked for; or keyframes only from now."""
        self._feed.mode = mode
        if self._reception is not None:
            self._reception.want_keyframe()

    async def events(self) -> AsyncIterator[SourceEvent]:
        """Connect and tell what is seen; once."""
        if self._task is None and not self._closing:
            self._task = asyncio.create_task(self._run())
        try:
            async for event in self._feed.events():
                yield event
        finally:
            await self.close()

    async def close(self) -> None:
        """Disconnect, and tell the endpoint; returns within five seconds."""
        self._feed.close()
        if self._task is None:
            self._closing = True
            return
        if not self._closing:  # once: a second cancellation would cut the farewell short
            self._closing = True
            self._task.cancel()
        await asyncio.wait([self._task], timeout=CLOSE_WITHIN)

    async def _run(self) -> None:
        pause = self._patience.retry_first
        while True:
            began = time.monotonic()
            try:
                await self._attempt()
                pause = self._patience.retry_first
            except (HostUnknown, httpx.HTTPError, OSError, SdpRefused) as error:
                self._feed.trouble(f"{_origin(self._url)}: {str(error) or type(error).__name__}")
            except EgressRefused as error:
                self._feed.refuse(str(error))
                return
            await asyncio.sleep(max(pause - (time.monotonic() - began), self._patience.retry_first))
            pause = min(2 * pause, self._patience.retry_longest)

    async def _attempt(self) -> None:
        """One connection, until the peer is gone or silent for so long that it must be made anew."""
        reception = Reception(
            self._feed,
            limit=self._limit,
            policy=self._policy,
            keyframe_every=self._keyframe_every,
            ice_servers=self._ice_servers,
        )
        resource = None
        try:
            async with asyncio.timeout(self._patience.open_within):
                resource, answer = await self._post(await reception.offer())
            await reception.accept(answer)
            self._reception = reception
            await self._until_silent(reception)
        finally:
            self._reception = None
            await asyncio.gather(reception.close(), self._delete(resource))

    async def _until_silent(self, reception: Reception) -> None:
        """Return when the peer is gone, or nothing came for as long as an attempt may take."""
        began, longest = time.monotonic(), self._patience.open_within + self._patience.stall_after
        while not reception.gone.is_set() and time.monotonic() - max(began, self._feed.packet_at) < longest:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await reception.gone.wait()

    async def _post(self, offer: str) -> tuple[str | None, str]:
        """Post the offer: the resource to delete at the end, and the answer."""
        url, headers = self._url, {**self._headers, "Content-Type": "application/sdp", "Accept": "application/sdp"}
        async with http_client(self._policy, timeout=self._patience.open_within, resolve=self._resolve) as client:
            for _ in range(REDIRECTS + 1):
                async with client.stream("POST", url, content=offer, headers=headers) as response:
                    if response.status_code in {307, 308}:
                        url = self._same_host(url, response.headers.get("Location", ""))
                        continue
                    if response.status_code not in {200, 201}:
                        raise OSError(f"the endpoint answers {response.status_code} {response.reason_phrase}")
                    location = response.headers.get("Location")
                    resource = self._same_host(url, location) if location else None
                    return resource, await _body(response)
        raise OSError(f"the endpoint redirects more than {REDIRECTS} times")

    async def _delete(self, resource: str | None) -> None:
        if resource is None:
            return
        with suppress(httpx.HTTPError, EgressRefused, OSError, TimeoutError):
            async with asyncio.timeout(DELETE_WITHIN), http_client(self._policy, resolve=self._resolve) as client:
                await client.delete(resource, headers=self._headers)

    def _same_host(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        if _origin(target) != _origin(url):
            raise EgressRefused("the endpoint sends us on to another host: give that host's URL")
        return target


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


async def _body(response: httpx.Response) -> str:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LONGEST:
            raise SdpRefused(f"the answer is longer than {LONGEST} bytes")
    return body.decode("utf-8", "replace")
