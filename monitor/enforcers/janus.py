"""Janus with its VideoRoom: blocked by taking the publisher's token off its room's list, cut by a kick.

A placement's application is the room and its stream the publisher's id in it. Rooms check tokens (``allowed``), and
each publisher's is made from the secret that the platform and we share, so that we know it without being told: see
``publisher_token``. Janus answers errors with status 200 and a number; a kick of somebody who is not there is one.
"""

import asyncio
import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.http_api import HttpApi, Reply, near_client
from protocols.session import Placement

_PLUGIN = "janus.plugin.videoroom"
_DONE = frozenset({"success", "participants"})
_ABSENT = frozenset({426, 428})  # no such room, no such user
_WRONG_SECRET = 433
_UNAUTHORIZED = 403
_FORGOTTEN = frozenset({458, 459})  # no such session, no such handle: Janus drops those that are silent for a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class JanusServer:
    """One Janus: its name in placements, its API, its API's secret and its rooms' secret.

    ``token_secret`` is what publishers' tokens are made from. ``string_ids`` says that rooms and publishers are named
    by texts; by numbers otherwise, as Janus does unless its VideoRoom is told to.
    """

    name: str
    url: str
    token_secret: str = field(repr=False)
    room_secret: str | None = field(default=None, repr=False)
    api_secret: str | None = field(default=None, repr=False)
    string_ids: bool = False


def publisher_token(secret: str, room: str, publisher: str) -> str:
    """Return the token that a publisher joins its room with: HMAC-SHA256 of ``room/publisher``, in base64url."""
    digest = hmac.digest(secret.encode(), f"{room}/{publisher}".encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")


class _Forgotten(EnforcerFailure):
    """The session that we had is no more."""


class JanusEnforcer:
    """The enforcer for one Janus."""

    def __init__(self, server: JanusServer) -> None:
        self._server = server
        self._api = HttpApi(f"Janus {server.name!r}", server.url, near_client(), tries=3)
        self._transactions = count()
        self._attaching = asyncio.Lock()
        self._handle: str | None = None

    async def block(self, order: Order) -> None:
        """Take the publisher's token off the list of its room. A room that is not there takes nobody.

        "success" is not believed: the list that comes with the last answer must be without the token.
        """
        placement = self._place(order)
        token = self._token(placement)
        if token not in self._allowed(await self._ask(placement, "allowed", action="remove", allowed=[])):
            return
        # The list is kept, and checked by nobody, in a room whose check is switched off.
        await self._ask(placement, "allowed", action="enable")
        if token in self._allowed(await self._ask(placement, "allowed", action="remove", allowed=[token])):
            raise EnforcerFailure(f"{self._api.who} says that it took a token off, and still lists it", retry=True)

    async def cut(self, order: Order) -> None:
        """Kick the publisher. Janus says so at once and has closed the connection a moment later."""
        placement = self._place(order)
        await self._ask(placement, "kick", id=self._named(placement.stream))

    async def gone(self, order: Order) -> bool:
        """Whether no participant of this id publishes in the room."""
        placement = self._place(order)
        listed = await self._ask(placement, "listparticipants")
        if listed.at("error_code") is None and not isinstance(listed.at("participants"), list):
            raise self._api.unreadable("who is in the room")
        return not any(_publishes(each, placement.stream) for each in listed.list("participants"))

    async def restore(self, order: Order) -> None:
        """Put the publisher's token back on the list."""
        placement = self._place(order)
        await self._ask(placement, "allowed", action="add", allowed=[self._token(placement)])

    async def close(self) -> None:
        """End the session and close what is open."""
        if self._handle is not None:
            with suppress(EnforcerFailure):  # Janus forgets it by itself after a while
                await self._post(self._handle.rpartition("/")[0], janus="destroy")
        await self._api.close()

    def _place(self, order: Order) -> Placement:
        placement = placed(order, self._server.name)
        if not self._server.string_ids and not (_is_number(placement.app) and _is_number(placement.stream)):
            raise EnforcerFailure(
                "this Janus names rooms and publishers by numbers; set string_ids if it does so by texts", retry=False
            )
        return placement

    def _named(self, text: str) -> str | int:
        return text if self._server.string_ids else int(text)

    def _allowed(self, answer: Reply) -> list[Any]:
        """Whom the room takes; nobody where it is not there."""
        if answer.at("error_code") is None and not isinstance(answer.at("allowed"), list):
            raise self._api.unreadable("whom the room takes")
        return answer.list("allowed")

    def _token(self, placement: Placement) -> str:
        return publisher_token(self._server.token_secret, placement.app, placement.stream)

    async def _ask(self, placement: Placement, request: str, **more: object) -> Reply:
        """One request about the room; what the VideoRoom answers, which may be that room or user are not there."""
        secret = {} if self._server.room_secret is None else {"secret": self._server.room_secret}
        reply = await self._message({"request": request, "room": self._named(placement.app), **secret, **more})
        answer = Reply(status=reply.status, document=reply.at("plugindata", "data"))
        match answer.at("error_code"):
            case None if answer.at("videoroom") in _DONE:
                return answer
            case int(code) if code in _ABSENT:
                return answer
            case int(code) if code == _WRONG_SECRET:
                raise self._api.refuses()
            case int(code):
                raise self._api.answers(f"error {code}", retry=False)
            case _:
                raise self._api.unreadable("what became of the request")

    async def _message(self, body: Mapping[str, object]) -> Reply:
        """One message to the VideoRoom, by the handle that is there or by a new one where Janus has forgotten it."""
        async with self._attaching:
            handle = self._handle or await self._attach()
        try:
            return await self._post(handle, janus="message", body=body)
        except _Forgotten:
            async with self._attaching:
                if self._handle == handle:
                    self._handle = None
                handle = self._handle or await self._attach()
            return await self._post(handle, janus="message", body=body)

    async def _attach(self) -> str:
        """Make a session with a handle on the VideoRoom; the path of the handle."""
        session = f"/{self._number(await self._post('', janus='create'))}"
        self._handle = f"{session}/{self._number(await self._post(session, janus='attach', plugin=_PLUGIN))}"
        return self._handle

    async def _post(self, path: str, **message: object) -> Reply:
        """One request of Janus' API, and its answer without an error."""
        secret = {} if self._server.api_secret is None else {"apisecret": self._server.api_secret}
        body = {"transaction": f"nakanohito-{next(self._transactions)}", **secret, **message}
        reply = await self._api.ask("POST", path, body=body)
        match reply.at("janus"), reply.at("error", "code"):
            case "success", _:
                return reply
            case "error", int(code) if code == _UNAUTHORIZED:
                raise self._api.refuses()
            case "error", int(code) if code in _FORGOTTEN:
                raise _Forgotten(f"{self._api.who} has forgotten our session", retry=True)
            case "error", code:
                raise self._api.answers(f"error {code}", retry=True)
            case _:
                raise EnforcerFailure(f"{self._api.who} answers {reply.status}: is this its API?", retry=False)

    def _number(self, reply: Reply) -> int:
        """Return the id that Janus gave, which becomes part of a path."""
        number = reply.at("data", "id")
        if not isinstance(number, int):
            raise self._api.unreadable("the number of a session")
        return number


def _publishes(participant: Any, publisher: str) -> bool:
    """Whether it is this publisher; one that does not say whether it publishes counts as if it did."""
    known = isinstance(participant, dict) and str(participant.get("id")) == publisher
    return known and bool(participant.get("publisher", True))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 17
