"""Whatever goes wrong has one clear outcome and never a wrongful cut, on the service as its user runs it.

The rest of docs/bad-input.md is tried nearer to where it is handled.
"""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from samples.studio.portrait import portraits
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.operator import Operator, make_key
from tests.servers.ports import free_port
from tests.servers.program import needs
from tests.servers.publisher import Publisher, draw_test_card
from tests.servers.receiver import HANG, Receiver, Reply, Request
from tests.servers.service import Document, Service

pytestmark = pytest.mark.integration

SERVER = "edge"
NEVER = 80_000.0
SEVERE: Document = {
    "presence": {"connect_within_s": 3, "absent_after_s": 3},
    "watch": {"window_s": 20},
    "challenge": {"first_after_s": NEVER, "mean_every_s": NEVER},
    # A test card in a loop is nobody's avatar and a recording; what is tried here is presence, so that alone weighs.
    "likeness": {"fail_at": 0.000001},
    "fusion": {"driving_cap": 0.01, "silent_weight": 0.01, "repetition_weight": 0.01, "authenticity_cap": 0.01},
    "ladder": {
        "presence": [{"rung": "notify", "seconds": 2}, {"rung": "grace", "seconds": 3}],
        "measures": {"presence": [{"from_strike": 1, "measure": "drop", "seconds": 3600}]},
    },
}
MILD = SEVERE | {"presence": {"connect_within_s": 12, "absent_after_s": 12}}


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test card and the stills of an avatar."""
    folder = tmp_path_factory.mktemp("material")
    draw_test_card(folder / "card.mp4", seconds=5, size="320x180")
    portraits("sakura", folder / "stills")
    samples = ({"t": n / 30, "yaw": (n * 7) % 31 - 15, "pitch": (n * 3) % 17 - 8, "roll": 0.1 * n} for n in range(150))
    (folder / "motion.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    return folder


class Scene:
    """A service with nginx before it, an avatar and operators; ``data`` may lie on another disk."""

    def __init__(self, folder: Path, material: Path, data: Path | None = None) -> None:
        self.folder, self.material = folder, material
        self.service = Service(folder / "service", data=data)
        # Without updates: with them nginx itself ends every stream as soon as the service is down.
        self.nginx = NginxRtmp(folder / "nginx", self.service.hook_url(SERVER), updates=False)
        self.stack = AsyncExitStack()

    async def __aenter__(self) -> "Scene":
        await self.stack.enter_async_context(self.nginx)
        self.service.cuts_on(SERVER, self.nginx)
        self.stack.push_async_callback(self.service.stop)
        await self.service.start()
        await self.service.api.policy("severe", SEVERE)
        await self.service.api.policy("mild", MILD)
        self.avatar = await self.service.api.register("sakura", sorted((self.material / "stills").glob("*.jpg")))
        self.key = self.folder / "device.pem"
        self.operator = await self.service.api.enrol("ann", make_key(self.key))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stack.aclose()

    async def publish(self, stream: str) -> Publisher:
        publisher = Publisher(self.material / "card.mp4", self.nginx.publish_url(stream))
        await self.stack.enter_async_context(publisher)
        await self.nginx.wait_on_air(stream)
        return publisher

    async def attach(self, stream: str = "s1", policy: str = "severe", **more: Any) -> str:
        request = {"url": self.nginx.publish_url(stream)} | more
        placement = {"server": SERVER, "app": self.nginx.app, "stream": stream}
        attached = await self.service.api.attach(
            avatar=self.avatar, operators=[self.operator], policy=policy, placement=placement, **request
        )
        return str(attached["id"])

    async def operate(self, session: str) -> Operator:
        motion = self.material / "motion.jsonl"
        driving = Operator(self.service, session, self.operator, key=self.key, telemetry=motion, loop=True)
        await self.stack.enter_async_context(driving)
        await driving.opened()
        return driving

    async def ended(self, session: str, within: float = 60.0) -> Document:
        return await self.service.api.until(session, lambda s: s["state"] in ("ended", "cut"), within=within)

    async def ledger(self, session: str) -> list[Document]:
        path = str(self.service.data / "ledger.sqlite")
        status, printed = await self.service.cli("ledger", "show", path, "--session", session, "--json")
        assert status == 0, printed
        return [json.loads(line) for line in printed.splitlines()]

    async def one_cut(self, session: str) -> Document:
        """The session's only cut, confirmed, with one intent and one receipt in a whole ledger."""
        [cut] = await self.service.api.cuts(session)
        assert cut["state"] == "confirmed", cut
        kinds = [entry["kind"] for entry in await self.ledger(session)]
        assert kinds.count("cut.intended") == 1, kinds
        assert kinds.count("cut.confirmed") == 1, kinds
        assert kinds.index("cut.intended") < kinds.index("cut.confirmed")
        assert (await self.service.verify_ledger())["ok"]
        return cut


@pytest.fixture
async def scene(tmp_path: Path, material: Path) -> AsyncIterator[Scene]:
    async with Scene(tmp_path, material) as scene:
        yield scene


async def test_a_stream_that_is_attached_twice_is_refused(scene: Scene) -> None:
    first = await scene.attach(policy="mild")
    with pytest.raises(httpx.HTTPStatusError, match="409") as refusal:
        await scene.attach(policy="mild")
    assert first in refusal.value.response.text
    await scene.service.api.end(first)
    await scene.attach(policy="mild")


async def test_streams_that_never_come_end_with_a_cause_and_no_cut(scene: Scene) -> None:
    nobody = await scene.attach("nobody")
    unreachable = await scene.attach("unreachable", url=f"rtmp://127.0.0.1:{free_port()}/live/unreachable")
    for session in (nobody, unreachable):
        standing = await scene.ended(session)
        assert standing["state"] == "ended"
        assert standing["ended_because"].startswith("the stream cannot be watched")
        assert await scene.service.api.cuts(session) == []


def audio_only(file: Path) -> None:
    draw(file, "-f", "lavfi", "-i", "sine=frequency=220", "-t", "2", "-c:a", "aac")


def another_codec(file: Path) -> None:
    draw(file, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-t", "2", "-c:v", "mpeg4")


def picture_bomb(file: Path) -> None:
    size = "color=size=8192x8192:rate=1"
    draw(file, "-f", "lavfi", "-i", size, "-t", "1", "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1")


def no_video_at_all(file: Path) -> None:
    file.write_bytes(b"this is not a film " * 100)


def draw(file: Path, *arguments: str) -> None:
    command = [needs("ffmpeg"), "-nostdin", "-v", "error", "-y", *arguments, str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=120)


async def test_files_that_cannot_be_watched_end_with_a_cause_and_no_cut(scene: Scene) -> None:
    causes = {
        audio_only: "the stream carries audio only",
        another_codec: "the video codec is mpeg4",
        picture_bomb: "8192x8192 pixels",
        no_video_at_all: "the file cannot be read",
    }
    for make, cause in causes.items():
        file = scene.service.directory / f"{make.__name__}.mp4"
        await asyncio.to_thread(make, file)
        session = await scene.attach(make.__name__, url=f"file://{file}")
        standing = await scene.ended(session)
        assert standing["state"] == "ended"
        assert cause in standing["ended_because"]
        assert await scene.service.api.cuts(session) == []


async def test_killed_on_the_ladder_it_takes_the_session_up_and_cuts_once(scene: Scene) -> None:
    publisher = await scene.publish("s1")
    session = await scene.attach()
    await scene.service.api.until(session, lambda s: s["rung"] == "grace", within=60)
    await scene.service.kill()
    assert publisher.returncode is None
    await scene.service.start()
    standing = await scene.service.api.until(session, lambda s: s["state"] == "live", within=30)
    assert standing["epoch"] > 1
    assert standing["rung"] == "watching", "the time that the service was away counts against nobody"
    assert await publisher.ended(60) != 0
    assert (await scene.ended(session))["state"] == "cut"
    await scene.one_cut(session)


async def test_killed_during_the_cut_it_finishes_it_once(tmp_path: Path, material: Path) -> None:
    async with Scene(tmp_path, material) as scene, Receiver(lambda _: HANG) as stuck:
        await scene.service.stop()
        scene.service.cuts_on(SERVER, _Elsewhere(stuck.url))
        await scene.service.start()
        publisher = await scene.publish("s1")
        session = await scene.attach()
        await until_asked(stuck)
        await scene.service.kill()
        assert publisher.returncode is None
        scene.service.cuts_on(SERVER, scene.nginx)
        await scene.service.start()
        assert await publisher.ended(60) != 0
        assert (await scene.ended(session))["state"] == "cut"
        await scene.one_cut(session)
        async with Publisher(material / "card.mp4", scene.nginx.publish_url("s1")) as again:
            assert await again.ended(20) != 0


async def test_an_operator_is_not_punished_for_our_restart(scene: Scene) -> None:
    publisher = await scene.publish("s1")
    session = await scene.attach(policy="mild")
    await scene.operate(session)
    await scene.service.api.until(session, lambda s: s["state"] == "live", within=30)
    await scene.service.kill()
    await asyncio.sleep(3)
    await scene.service.start()
    await scene.service.api.until(session, lambda s: s["operators_present"] == [scene.operator], within=60)
    await asyncio.sleep(MILD["presence"]["connect_within_s"] + 2)
    standing = await scene.service.api.session(session)
    assert (standing["state"], standing["rung"]) == ("live", "watching"), standing
    assert publisher.returncode is None
    assert await scene.service.api.cuts(session) == []


async def test_a_machine_that_slept_cuts_nobody(scene: Scene) -> None:
    """The monotonic clock jumps, as it does where a machine is suspended or starved."""
    publisher = await scene.publish("s1")
    session = await scene.attach(policy="severe")
    await scene.operate(session)
    await scene.service.api.until(session, lambda s: s["state"] == "live" and s["frames_seen"] > 5, within=30)
    os.kill(scene.service.pid, signal.SIGSTOP)
    await asyncio.sleep(15)
    os.kill(scene.service.pid, signal.SIGCONT)
    await scene.service.api.until(session, lambda s: s["operators_present"] == [scene.operator], within=30)
    await asyncio.sleep(8)
    standing = await scene.service.api.session(session)
    assert (standing["state"], standing["rung"]) == ("live", "watching"), standing
    assert publisher.returncode is None
    assert await scene.service.api.cuts(session) == []


async def test_a_picture_that_freezes_is_blindness_and_nobody_is_cut_for_it(scene: Scene) -> None:
    publisher = await scene.publish("s1")
    session = await scene.attach()
    await scene.service.api.until(session, lambda s: s["rung"] == "notify", within=60)
    publisher.freeze()
    standing = await scene.service.api.until(session, lambda s: s["state"] == "blind", within=30)
    assert standing["held"]
    await asyncio.sleep(4)
    assert await scene.service.api.cuts(session) == []
    publisher.thaw()


@pytest.mark.parametrize("kind", ["hangs", "lies"])
async def test_a_webhook_receiver_that_does_not_play_fair_delays_no_cut(scene: Scene, kind: str) -> None:
    def lie(_: Request) -> Reply:
        return Reply(status=302, headers={"location": scene.service.url + "/v1/cuts"}, body=b"{]")

    async with Receiver((lambda _: HANG) if kind == "hangs" else lie) as receiver:
        publisher = await scene.publish("s1")
        session = await scene.attach(callback_url=f"{receiver.url}/hook")
        assert await publisher.ended(60) != 0
        assert (await scene.ended(session))["state"] == "cut"
        await scene.one_cut(session)
        assert receiver.requests, "the receiver was never told"
        assert {request.path for request in receiver.requests} == {"/hook"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that holds the databases and the evidence of a cut, and little more; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_a_full_disk_cuts_nobody_and_is_told_until_there_is_space(
    tmp_path: Path, material: Path, small_disk: Path
) -> None:
    async with Scene(tmp_path, material, data=small_disk / "data") as scene:
        publisher = await scene.publish("s1")
        session = await scene.attach()
        await scene.service.api.until(session, lambda s: s["rung"] == "notify", within=60)
        fill(small_disk / "filling")
        async with httpx.AsyncClient(base_url=scene.service.url, trust_env=False, timeout=10) as client:
            async with asyncio.timeout(30):
                while (answer := await client.get("/readyz")).status_code == 200:  # noqa: ASYNC110 - as below
                    await asyncio.sleep(0.1)
            assert answer.json()["reasons"]
            await asyncio.sleep(8)
            assert publisher.returncode is None, "cut without an intent on record"
            (small_disk / "filling").unlink()
            assert await publisher.ended(60) != 0
            async with asyncio.timeout(30):
                while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - the service knows
                    await asyncio.sleep(0.1)
        assert (await scene.ended(session))["state"] == "cut"
        await scene.one_cut(session)


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with file.open("wb", buffering=0) as filling, suppress(OSError):
        for size in (65_536, 4096, 1):
            with suppress(OSError):
                while filling.write(b"x" * size):
                    pass


class _Elsewhere(NginxRtmp):
    """What is said to be nginx's control and is another server."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def control_url(self) -> str:
        return f"{self._url}/control"

    @property
    def stat_url(self) -> str:
        return f"{self._url}/stat"


async def until_asked(receiver: Receiver) -> None:
    async with asyncio.timeout(60):
        while not receiver.requests:  # noqa: ASYNC110 - another process asks
            await asyncio.sleep(0.05)
