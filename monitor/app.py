"""The composition root: the service is given what it needs, run, and closed."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import cv2
import uvicorn

from monitor import configured
from monitor.keyring import administrator
from monitor.observers.likeness.sight import Sight
from monitor.parts import Parts, now
from monitor.settings import Settings
from protocols.policy import PROFILES
from registry.registry import Registry


def run(settings: Settings, ready: Callable[[str], None] = lambda url: None) -> None:
    """Run the service until it is told to stop (SIGINT, SIGTERM); ``ready`` is told its URL once it serves.

    Raises RegistryError, ModelRefused, KeyringRefused and OSError for what keeps it from starting.
    """
    cv2.setNumThreads(1)  # streams are what is done in parallel
    uvicorn_loop = uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=uvicorn_loop) as runner:
        runner.run(serve(settings, ready))


async def serve(settings: Settings, ready: Callable[[str], None] = lambda url: None) -> None:
    """The service, until its server is told to stop."""
    async with AsyncExitStack() as stack:
        registry = await Registry.open(settings.database, settings.ledger)
        stack.push_async_callback(registry.close)
        await _first_start(registry, settings)
        threads = stack.enter_context(ThreadPoolExecutor(settings.threads, thread_name_prefix="sight"))
        # Threads of its own, so that judging and the ladder never wait behind pictures.
        bench = stack.enter_context(ThreadPoolExecutor(settings.threads, thread_name_prefix="judge"))
        sight = await asyncio.to_thread(Sight.load, settings.likeness.model, settings.likeness.sha256)
        search = await configured.search(settings, sight)
        stack.push_async_callback(search.close)
        parts = Parts(settings, registry, sight, search, threads, bench)
        server = _Server(parts.web(), ready)
        stack.push_async_callback(parts.close)
        await parts.run(server)


class _Server(uvicorn.Server):
    """A server that says where it serves, once it does; port 0 is only known then."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        if self.should_exit:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


async def _first_start(registry: Registry, settings: Settings) -> None:
    """The policies and the administrator's key that every service has."""
    for profile in PROFILES:
        await registry.policies.put(profile.name, profile.model_dump(mode="json", exclude={"name"}), at=now())
    await administrator(registry, settings.admin_key, now())
