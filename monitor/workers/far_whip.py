"""A session whose publisher sends to us by WHIP, held by a worker: offers go there, and the connection ends there."""

import asyncio
from collections.abc import Callable
from itertools import count

from monitor.sources.ring import Ring
from monitor.sources.sdp import SdpRefused
from monitor.sources.source import Ended
from monitor.workers.far import FarStream
from monitor.workers.frame import Frame, FrameRefused
from monitor.workers.opening import Opening


class FarWhip(FarStream):
    """One such stream. With its worker the connection is gone too, and the publisher has to come again."""

    def __init__(
        self, name: str, opening: Opening, ring: Ring, *, send: Callable[[Frame], None], left: Callable[[str], None]
    ) -> None:
        super().__init__(name, opening, ring, send=send, left=left)
        self._numbers = count()
        self._offers: dict[int, tuple[Frame, asyncio.Future[str]]] = {}
        self._live = False
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def live(self) -> bool:
        """Whether a publisher is connected or connecting, and not silent, as the worker told last."""
        return self._live

    async def answer(self, offer_sdp: str) -> str:
        """Have the worker take an offer, or the next one where there is none or it dies, and return the answer.

        Raises SdpRefused.
        """
        number, answered = next(self._numbers), asyncio.get_running_loop().create_future()
        offer = Frame(kind="offer", stream=self.name, says={"number": number}, body=offer_sdp.encode())
        self._offers[number] = offer, answered
        try:
            self._send(offer)
            answer: str = await answered
            return answer
        finally:
            del self._offers[number]

    async def hang_up(self, cause: str = "the publisher hung up") -> None:
        """End the stream; returns when the worker has closed the publisher's connection, or there is none."""
        self._send(Frame(kind="hang_up", stream=self.name, says={"cause": cause}))
        await self._quiet.wait()
        at = asyncio.get_running_loop().time() - self.opening.zero
        self._events.put_nowait(Ended(at=at, cause=cause))

    async def close(self) -> None:
        """Have the worker let go, and with it of the publisher."""
        self._stand(live=False)
        await super().close()

    def lost(self, at: float, cause: str) -> None:
        """Its worker is no more, and neither is the publisher's connection."""
        self._stand(live=False)
        super().lost(at, cause)

    def begun(self) -> list[Frame]:
        """What a worker is told that takes the stream over: the offers that nobody has answered yet, too."""
        return [*super().begun(), *(offer for offer, answered in self._offers.values() if not answered.done())]

    def hear(self, frame: Frame) -> None:
        """Take what its worker says. Raises FrameRefused."""
        match frame.kind:
            case "live":
                self._stand(live=frame.says.get("live") is True)
            case "answer" | "refusal":
                self._settle(frame)
            case _:
                super().hear(frame)

    def _stand(self, *, live: bool) -> None:
        self._live = live
        (self._quiet.clear if live else self._quiet.set)()

    def _settle(self, frame: Frame) -> None:
        """An offer was answered, or refused; nobody may wait for it any more."""
        try:
            offered, text = self._offers.get(int(frame.says["number"])), frame.body.decode()
        except (KeyError, TypeError, ValueError) as error:
            raise FrameRefused(f"a worker answers what nobody has offered: {type(error).__name__}") from error
        if offered is None or offered[1].done():
            return
        _, answered = offered
        if frame.kind == "answer":
            answered.set_result(text)
        else:
            answered.set_exception(SdpRefused(text))
