"""Stages whose media server is a stand-in."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self

from monitor.enforcers.enforcer import Enforcer
from monitor.enforcers.fenced import Fenced
from monitor.hooks.hook import Dialect
from tests.contract.blocks import MemoryBlocks, fenced
from tests.contract.stages import hooked
from tests.servers.stand_in import StandIn


class StandInStage:
    """A stand-in, an enforcer for it (``make`` with right credentials or wrong ones), and the hooks that it asks."""

    server = "main"

    def __init__(
        self,
        stand_in: StandIn,
        make: Callable[[bool], Enforcer],
        dialect: Callable[[Enforcer], Dialect] | None = None,
        *,
        app: str = "live",
    ) -> None:
        self.app = app
        self.stand_in = stand_in
        self.blocks = MemoryBlocks()
        self._make = make
        self._dialect = dialect
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.stand_in)
        server = self._make(True)
        self.enforcer = fenced(server, self.blocks)
        self._stack.push_async_callback(self.enforcer.close)
        if self._dialect is not None:
            dialect = self._dialect(server)
            self.stand_in.hook_url = await hooked(self._stack, self.server, dialect, self.blocks)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def publish(self, stream: str) -> bool:
        return await self.stand_in.publish(self.app, stream)

    async def on_air(self, stream: str) -> bool:
        return (self.app, stream) in self.stand_in.live

    async def disconnections(self) -> int:
        return self.stand_in.disconnected

    async def stop(self) -> bool:
        await self.stand_in.receiver.stop()
        return True

    async def start(self) -> None:
        await self.stand_in.receiver.start()

    def stranger(self) -> Fenced:
        return fenced(self._make(False), self.blocks)
