"""Virtual time for what also works outside of the event loop: the registry's database, the ledger, threads.

Time jumps to the next timer as soon as nothing can happen before it; while a thread or the database is at work for a
test, it stands still, however long that takes.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, ParamSpec

import pytest

from registry.database import Database
from registry.ledger import Ledger

P = ParamSpec("P")
_PATIENCE = 1.0  # real seconds between two looks at what works outside; it wakes the loop itself when it is done


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is moved by its timers alone."""

    def __init__(self) -> None:
        super().__init__()
        self.outside = 0
        self._now = 1000.0
        self._really: Callable[[float | None], list[Any]] = self._selector.select  # type: ignore[has-type]
        self._selector.select = self._select

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        self.outside += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    async def shutdown_default_executor(self, *_: Any) -> None:
        with working():
            await super().shutdown_default_executor()

    def _back(self, _: object) -> None:
        self.outside -= 1

    def _select(self, timeout: float | None) -> list[Any]:
        if timeout is None or timeout <= 0:
            return self._really(timeout)
        if self.outside:
            return self._really(_PATIENCE)
        ready = self._really(0)
        if not ready:
            self._now += timeout
        return ready


@contextlib.contextmanager
def working() -> Iterator[None]:
    """Something works outside of the loop: its time stands still."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        yield
        return
    loop.outside += 1
    try:
        yield
    finally:
        loop.outside -= 1


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an asynchronous test on a loop of virtual time; it fails if it leaves a task behind."""

    async def checked(*args: P.args, **kwargs: P.kwargs) -> None:
        await test(*args, **kwargs)
        for _ in range(3):  # tasks that are just about to end
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"the test left tasks behind: {[task.get_name() for task in left if task is not None]}"

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with pytest.MonkeyPatch.context() as patch, asyncio.Runner(loop_factory=VirtualLoop) as runner:
            _stand_still(patch)
            runner.run(checked(*args, **kwargs))

    return run


def _stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time stand still while the database or the ledger works."""
    for transaction in (Database.reading, Database.writing):
        monkeypatch.setattr(Database, transaction.__name__, _counted(transaction))
    monkeypatch.setattr(Ledger, "append", _awaited(Ledger.append))


def _counted(transaction: Any) -> Any:
    @contextlib.asynccontextmanager
    async def counted(self: Database) -> AsyncIterator[Any]:
        with working():
            async with transaction(self) as connection:
                yield connection

    return counted


def _awaited(work: Any) -> Any:
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        with working():
            return await work(*args, **kwargs)

    return awaited
