"""For every test: what it starts it also ends."""

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.servers.postgresql import PostgreSql, running

_GRACE = 5.0  # seconds for a thread that was told to end; only a failing test waits for them
_TURNS = 50  # of the loop, for tasks that are just about to end


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """PostgreSQL with pgvector, started once for all tests that need it."""
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread or a task behind."""
    before, shared = set(threading.enumerate()), _shares_loop(request)
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)) and not shared:
        request.getfixturevalue("_no_task_left")
    yield
    deadline = time.monotonic() + _GRACE
    left = [thread for thread in threading.enumerate() if thread not in before and not _of_the_loop(thread)]
    left = [thread for thread in left if not (shared and _of_a_pool(thread))]
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    alive = [thread.name for thread in left if thread.is_alive()]
    assert not alive, f"the test left threads behind: {alive}"


@pytest.fixture
async def _no_task_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    for _ in range(_TURNS):
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0)
    pytest.fail(f"the test left tasks behind: {sorted(str(task) for task in left)}")


def _shares_loop(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("asyncio")
    return marker is not None and marker.kwargs.get("loop_scope", "function") != "function"


def _of_the_loop(thread: threading.Thread) -> bool:
    """Whether it is of the loop's own executor, which is shut down with the loop, after all fixtures."""
    return thread.name.startswith("asyncio_")


def _of_a_pool(thread: threading.Thread) -> bool:
    """Whether it is a connection's to SQLite: what a browser's leaving has broken is replaced in the module's pool."""
    return "_connection_worker_thread" in thread.name
