"""A real server over the world of the API tests, in a thread of its own, for clients that speak real HTTP."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from registry.registry import Registry
from tests.unit.monitor.api.world import World, build

T = TypeVar("T")


@dataclass(kw_only=True)
class House:
    url: str
    world: World
    loop: asyncio.AbstractEventLoop

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something where the server runs."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def attach(self, **changes: object) -> str:
        """Attach a WHIP session; its id."""
        return str(self.call(self.world.attached(**changes))["id"])


class _Server(uvicorn.Server):
    """A server in a thread: signals are the test runner's."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextmanager
def house(folder: Path, *, port: int = 0, **world_options: Any) -> Iterator[House]:
    """A house that is open inside the block; ``world_options``: what its world is built with beyond the usual."""
    made: dict[str, Any] = {}
    ready = threading.Event()

    async def live() -> None:
        registry = await Registry.open(f"sqlite:///{folder / 'registry.sqlite'}", folder / "ledger.sqlite")
        world = await build(folder, registry, **world_options)
        config = uvicorn.Config(world.app, port=port, log_config=None, ws="none", timeout_graceful_shutdown=1)
        server = _Server(config)
        made.update(world=world, server=server, loop=asyncio.get_running_loop())
        ready.set()
        await server.serve()
        await world.client.aclose()
        await registry.close()

    thread = threading.Thread(target=asyncio.run, args=(live(),))
    thread.start()
    assert ready.wait(30)
    server: _Server = made["server"]
    assert server.up.wait(30)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield House(url=f"http://127.0.0.1:{port}", world=made["world"], loop=made["loop"])
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()
