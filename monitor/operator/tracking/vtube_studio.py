"""VTube Studio on this or another machine: connect, be allowed in, and ask what its tracking measures.

Its user is asked once. Whoever says no is not asked again by us until the agent is started anew.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from websockets.asyncio.client import ClientConnection as WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from monitor.operator.backoff import Backoff
from monitor.operator.tracking import token as tokens
from monitor.operator.tracking.choice import LOOPBACK, Choice, TrackerRefused
from monitor.operator.tracking.feed import Doing, TrackingFeed
from protocols.tracking import vtube_studio as api
from protocols.tracking.reading import PacketRefused, Reading
from protocols.tracking.tracker import TITLES, Tracker

_EVERY = 1 / 30
_FACE_EVERY = 0.5
_ANSWER_WITHIN = 5.0
_DECIDE_WITHIN = 300.0
_CONNECT_WITHIN = 5.0
_TITLE = TITLES[Tracker.VTUBE_STUDIO]

T = TypeVar("T", bound=api.Answer)


class VTubeStudio:
    """One VTube Studio; ``follow`` ends only by being cancelled, or by its user's no."""

    def __init__(self, choice: Choice, feed: TrackingFeed, token_file: Path, backoff: Backoff | None = None) -> None:
        self._url = f"ws://{choice.host or LOOPBACK}:{choice.port}"
        self._feed = feed
        self._file = token_file
        self._backoff = backoff or Backoff(first=0.5, most=5.0)
        self._clock: Callable[[], float] = asyncio.get_running_loop().time

    async def follow(self) -> None:
        """Connect, and connect again. Raises TrackerRefused where we are not allowed in."""
        while True:
            self._feed.tell(Doing.CONNECTING, _TITLE, self._url)
            try:
                async with connect(
                    self._url, max_size=api.ANSWER_BYTES, open_timeout=_CONNECT_WITHIN, close_timeout=1.0, proxy=None
                ) as websocket:
                    await self._enter(websocket)
                    self._backoff.reset()
                    await self._poll(websocket)
            except (OSError, InvalidHandshake, ConnectionClosed, PacketRefused) as trouble:
                self._feed.tell(Doing.CONNECTING, _TITLE, f"{self._url}: {trouble or 'no answer'}")
            await asyncio.sleep(self._backoff.gap())

    async def _enter(self, websocket: WebSocket) -> None:
        token = tokens.load(self._file)
        if token is not None:
            await websocket.send(api.authenticate("enter", token))
            if (await self._answer(websocket, api.Authenticated, _ANSWER_WITHIN)).taken:
                return
            tokens.forget(self._file)
        self._feed.tell(Doing.ASKING, _TITLE)
        await websocket.send(api.ask_token("ask"))
        token = (await self._answer(websocket, api.Token, _DECIDE_WITHIN)).token
        tokens.save(self._file, token)
        await websocket.send(api.authenticate("enter", token))
        entered = await self._answer(websocket, api.Authenticated, _ANSWER_WITHIN)
        if not entered.taken:
            raise TrackerRefused(f"VTube Studio does not take the token that it has just given: {entered.reason}")

    async def _poll(self, websocket: WebSocket) -> None:
        """Thirty times a second what is measured, and twice a second whether a face is there."""
        self._feed.tell(Doing.FOLLOWING, _TITLE, self._url)
        due, face_due, found = self._clock(), self._clock(), True
        while True:
            if self._clock() >= face_due:
                await websocket.send(api.ask_face("face"))
                found = (await self._answer(websocket, api.FaceFound, _ANSWER_WITHIN)).found
                face_due = self._clock() + _FACE_EVERY
            await self._measure(websocket, found=found)
            due = max(due + _EVERY, self._clock())
            await asyncio.sleep(due - self._clock())

    async def _measure(self, websocket: WebSocket, *, found: bool) -> None:
        await websocket.send(api.ask_parameters("pose"))
        with suppress(PacketRefused):
            reading = await self._answer(websocket, Reading, _ANSWER_WITHIN)
            seen = reading if found else Reading(sample=None, sent=reading.sent)
            self._feed.take((seen,), self._clock())

    async def _answer(self, websocket: WebSocket, kind: type[T], within: float) -> T:
        """The next answer of that kind. Raises PacketRefused, TrackerRefused, TimeoutError."""
        async with asyncio.timeout(within):
            while True:
                text = await websocket.recv(decode=False)
                answer = self._read(text)
                if isinstance(answer, kind):
                    return answer
                if isinstance(answer, api.Failed):
                    raise _failure(answer)

    def _read(self, text: bytes) -> api.Answer | None:
        try:
            return api.answer(text, self._clock())
        except PacketRefused as refused:
            self._feed.refuse(str(refused))
            raise


def _failure(failed: api.Failed) -> Exception:
    if failed.number == api.DENIED:
        return TrackerRefused("VTube Studio was told not to let us in: start again to be asked again")
    return ConnectionError(f"VTube Studio answers with error {failed.number}: {failed.message}")
