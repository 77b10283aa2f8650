"""HTTP APIs of media servers: JSON in and out, each call bounded in seconds and bytes, its trouble told as ours.

What every server says alike is judged here; what a status or a body means to one server is judged in that server's
file, since many of them answer 200 to a command that did nothing.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from monitor.egress import EgressRefused, HostUnknown
from monitor.enforcers.enforcer import EnforcerFailure
from monitor.exchange import Answer, ExchangeFailed, exchange

SECONDS = 2.0
"""How long one request to a near server may take."""

FAR_SECONDS = 5.0
"""How long one request to a cloud may take."""

AT_ONCE = 0.5
"""Seconds within which a connection fails that may be tried again at once."""

LISTING_BYTES = 8 * 1024 * 1024
"""Lists of some ten thousand streams; more is not read."""

Login = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: its status, and its JSON document, None where the body is no whole JSON."""

    status: int
    document: Any

    @property
    def accepted(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    def at(self, *path: str) -> Any:
        """What stands in the document under these keys; None where nothing does."""
        found = self.document
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def list(self, *path: str) -> list[Any]:
        """The list under these keys; an empty one where there is none."""
        found = self.at(*path)
        return found if isinstance(found, list) else []


def near_client(login: Login | None = None) -> httpx.AsyncClient:
    """Return a client for a server that the settings name, wherever it is: no proxy, no redirects, no cookies kept.

    A kept connection may be half dead when it is needed; a new one to a near server costs a millisecond.
    """
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=0)
    return httpx.AsyncClient(auth=login, limits=limits, trust_env=False, follow_redirects=False)


class HttpApi:
    """One server's API under ``url``. ``who`` names the server in errors, such as ``Janus 'edge'``.

    ``pace`` is how many seconds lie between two requests at least, for an API that counts them. A request whose
    connection fails at once is sent up to ``tries`` times, for an API whose requests may come twice.
    """

    def __init__(
        self,
        who: str,
        url: str,
        client: httpx.AsyncClient,
        *,
        seconds: float | None = None,
        limit: int = LISTING_BYTES,
        pace: float = 0.0,
        tries: int = 1,
    ) -> None:
        self.who = who
        self._url = url.rstrip("/")
        self._client = client
        self._seconds = seconds
        self._limit = limit
        self._pace = pace
        self._tries = tries
        self._turn = 0.0

    async def ask(
        self,
        method: str,
        path: str = "",
        *,
        body: object = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request, ``body`` as JSON or ``content`` as it is, and return the answer.

        Raises EnforcerFailure where no answer came, for refused credentials (401, 403) and redirects, which trying
        again does not help, and for 408, 429 and 5xx, which it may. Any other status is the caller's to judge.
        """
        given = {} if headers is None else dict(headers)
        if body is not None:
            content = self.written(body)
            given = {"content-type": "application/json", **given}
        answer = await self._insist(method, self._url + path, given, content, params)
        self._judge(answer.status)
        return Reply(status=answer.status, document=_document(answer))

    def written(self, body: object) -> bytes:
        """The bytes that are sent for a JSON body, for who signs them."""
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def unreadable(self, what: str) -> EnforcerFailure:
        """The failure for an answer that does not hold what the API promises."""
        return EnforcerFailure(f"{self.who} does not say {what}: is this its API, in a version we know?", retry=True)

    def refuses(self) -> EnforcerFailure:
        """The failure for credentials that the server does not take."""
        return EnforcerFailure(f"{self.who} refuses the credentials of the settings", retry=False)

    def answers(self, status: int | str, *, retry: bool) -> EnforcerFailure:
        """The failure for an answer that is none of success."""
        return EnforcerFailure(f"{self.who} answers {status}", retry=retry)

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def _wait(self) -> None:
        """Wait for the next turn and take it."""
        now = asyncio.get_running_loop().time()
        turn, self._turn = max(now, self._turn), max(now, self._turn) + self._pace
        await asyncio.sleep(turn - now)

    async def _insist(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, params: Mapping[str, str] | None
    ) -> Answer:
        clock, tried = asyncio.get_running_loop().time, 1
        while True:
            await self._wait()
            began = clock()
            try:
                return await self._exchange(method, url, headers, content, params)
            except EnforcerFailure as failure:
                if not failure.retry or tried >= self._tries or clock() - began > AT_ONCE:
                    raise
            tried += 1

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, params: Mapping[str, str] | None
    ) -> Answer:
        seconds = SECONDS if self._seconds is None else self._seconds
        try:
            return await exchange(
                self._client, method, url, headers=headers, content=content, params=params,
                seconds=seconds, limit=self._limit,
            )  # fmt: skip
        except ExchangeFailed as error:
            raise EnforcerFailure(f"{self.who}: {error}", retry=not error.lasting) from error
        except HostUnknown as error:
            raise EnforcerFailure(f"{self.who}: {error}", retry=True) from error
        except EgressRefused as error:
            raise EnforcerFailure(f"{self.who} must not be connected to: {error}", retry=False) from error

    def _judge(self, status: int) -> None:
        match status:
            case 401 | 403:
                raise self.refuses()
            case 408 | 429:
                raise self.answers(status, retry=True)
            case _ if status >= 500:
                raise self.answers(status, retry=True)
            case _ if 300 <= status < 400:
                raise EnforcerFailure(f"{self.who} answers {status}: is this its API?", retry=False)
            case _:
                return


def _document(answer: Answer) -> Any:
    try:
        return json.loads(answer.body) if answer.whole else None
    except (ValueError, RecursionError):
        return None
