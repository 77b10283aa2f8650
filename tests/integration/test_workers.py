"""Worker processes hold the streams; one that is killed takes down no other, and its streams are watched again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from monitor.egress import EgressPolicy
from monitor.sources.ring import Ring
from monitor.sources.source import Ended, Lost, Sighted, SourceEvent, Watch
from monitor.sources.whip import SdpRefused
from monitor.workers.far import FarStream
from monitor.workers.far_whip import FarWhip
from monitor.workers.opening import Opening
from monitor.workers.pool import Pool
from protocols.policy import WatchPolicy
from protocols.session import Feed, SourceKind
from samples.studio.portrait import portraits
from tests.contract.scenes import HOST
from tests.servers.children import children
from tests.servers.operator import make_key
from tests.servers.publisher import draw_test_card
from tests.servers.service import Service
from tests.servers.webrtc import NoiseTrack, WhipPublisher

pytestmark = pytest.mark.integration

NEVER = 80_000.0
PATIENT = {
    "presence": {"connect_within_s": NEVER, "absent_after_s": NEVER},
    "challenge": {"first_after_s": NEVER, "mean_every_s": NEVER},
    "likeness": {"fail_at": 0.000001},
}
HELLO = {"model": None, "sha256": None, "threads": 1}


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_test_card(tmp_path_factory.mktemp("card") / "card.mp4", seconds=240, size="160x90", rate=5)


@asynccontextmanager
async def running(places: int) -> AsyncIterator[Pool]:
    pool = Pool(places, HELLO)
    task = asyncio.create_task(pool.run(), name="pool")
    try:
        yield pool
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


@dataclass
class Watched:
    """A stream and what has been told of it."""

    stream: FarStream
    ring: Ring
    told: list[SourceEvent] = field(default_factory=list)

    async def follow(self) -> None:
        async for event in self.stream.events():
            self.told.append(event)

    def times(self, kind: type[SourceEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.told)


def opened(pool: Pool, name: str, feed: Feed, **egress: Any) -> Watched:
    ring = Ring()
    opening = Opening(
        feed=feed,
        zero=asyncio.get_running_loop().time(),
        policy=WatchPolicy(),
        egress=EgressPolicy(allowed_networks=HOST, **egress),
    )
    return Watched(pool.stream(name, opening, ring), ring)


def played(pool: Pool, name: str, card: Path) -> Watched:
    feed = Feed(kind=SourceKind.FILE, url=card.as_uri())
    return opened(pool, name, feed, schemes=frozenset({"file"}), directory=card.parent)


async def until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(90):
        while not holds():  # noqa: ASYNC110 - the time is a process's
            await asyncio.sleep(0.05)


async def test_a_worker_that_is_killed_takes_down_no_other_and_its_streams_are_watched_again(card: Path) -> None:
    async with running(2) as pool:
        streams = [played(pool, name, card) for name in ("ses_a", "ses_b", "ses_c", "ses_d")]
        places = {each.stream.name: pool.place(each.stream.name) for each in streams}
        assert set(places.values()) == {0, 1}
        tasks = [asyncio.create_task(each.follow()) for each in streams]
        await until(lambda: all(each.times(Sighted) for each in streams))
        streams[0].stream.watch(Watch.FULL)
        await until(lambda: streams[0].stream.seen and not streams[0].stream.observed.empty())
        await until(lambda: streams[0].ring.size)
        await until(lambda: len(pool.pids) == 2)
        hit = [each for each in streams if places[each.stream.name] == 0]
        spared = [each for each in streams if places[each.stream.name] == 1]
        os.kill(pool.pids[0], signal.SIGKILL)
        await until(lambda: all(each.times(Lost) == 1 and each.times(Sighted) == 2 for each in hit))
        assert all(each.times(Lost) == 0 and each.times(Sighted) == 1 for each in spared)
        assert "another takes over" in next(e.cause for e in hit[0].told if isinstance(e, Lost))
        assert pool.trouble is None
        for each in streams:
            await each.stream.close()
        await asyncio.gather(*tasks)


async def test_a_publisher_comes_to_a_worker_by_whip_is_hung_up_on_and_comes_again_to_the_next_one() -> None:
    async with running(1) as pool, AsyncExitStack() as stack:
        watched = opened(pool, "ses_a", Feed(kind=SourceKind.WHIP, url=None), schemes=frozenset({"http"}))
        end, task = watched.stream, asyncio.create_task(watched.follow())
        assert isinstance(end, FarWhip)
        await until(lambda: pool.pids)
        await _publish(end, stack)
        await until(lambda: watched.times(Sighted) == 1 and watched.ring.size)
        assert end.live
        os.kill(pool.pids[0], signal.SIGKILL)
        await until(lambda: watched.times(Lost) == 1)
        assert not end.live
        await until(lambda: pool.pids)
        with pytest.raises(SdpRefused):
            await end.answer("v=0 and nothing else")
        second = await _publish(end, stack)
        await until(lambda: watched.times(Sighted) == 2)
        await end.hang_up("cut")
        assert not end.live
        await until(lambda: second.peer.connectionState in ("closed", "failed"))
        assert next(event.cause for event in watched.told if isinstance(event, Ended)) == "cut"
        await end.close()
        await task


async def _publish(end: FarWhip, stack: AsyncExitStack) -> WhipPublisher:
    publisher = WhipPublisher(NoiseTrack(), codec="vp8")
    stack.push_async_callback(publisher.close)
    await publisher.publish(end)
    return publisher


async def test_a_worker_that_hangs_is_replaced(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.workers.worker._SILENT_AFTER", 4.0)
    async with running(1) as pool:
        watched = played(pool, "ses_a", card)
        task = asyncio.create_task(watched.follow())
        await until(lambda: watched.times(Sighted) == 1)
        os.kill(pool.pids[0], signal.SIGSTOP)
        await until(lambda: watched.times(Lost) >= 1 and watched.times(Sighted) >= 2)
        await watched.stream.close()
        await task


async def test_a_session_outlives_the_workers_is_set_apart_where_they_go_on_dying_and_is_not_cut(
    tmp_path: Path,
) -> None:
    (tmp_path / "service").mkdir()
    card = draw_test_card(tmp_path / "service" / "card.mp4", seconds=240, size="160x90", rate=5)
    async with Service(tmp_path / "service", workers=1, settings="[quarantine]\nafter = 2\n") as service:
        api = service.api
        avatar = await api.register("sakura", portraits("sakura", tmp_path / "stills"))
        operator = await api.enrol("ann", make_key(tmp_path / "device.pem"))
        await api.policy("patient", PATIENT)
        session = (await api.attach(url=card.as_uri(), avatar=avatar, operators=[operator], policy="patient"))["id"]
        await api.until(session, lambda standing: standing["state"] == "live", within=60)
        _kill_workers(service)
        await api.until(session, lambda standing: standing["blind_s"] > 0.5, within=60)
        seen = await api.until(session, lambda standing: standing["state"] == "live", within=60)
        assert (seen["epoch"], seen["held"]) == (1, False)
        reports: list[dict[str, Any]] = []
        async with asyncio.timeout(120):
            while not reports:
                await api.until(session, lambda standing: standing["state"] == "live", within=60)
                _kill_workers(service)
                await api.until(session, lambda standing: standing["state"] == "blind", within=60)
                reports = (await api.call("GET", "/v1/reports"))["items"]
        assert (reports[0]["kind"], reports[0]["session"]) == ("quarantine", session)
        await api.until(session, lambda standing: standing["state"] == "live", within=60)
        assert await api.cuts() == []


def _kill_workers(service: Service) -> None:
    for child in children(service.pid):
        os.kill(child, signal.SIGKILL)
