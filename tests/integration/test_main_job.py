"""The main job on real programs: ffmpeg publishes clips to nginx, operators drive them or not, the service cuts.

Every program is the one that a user runs: ``nakanohito serve``, ``nakanohito operate``, nginx, ffmpeg.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.footage import Footage, Shot, footage
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.operator import LEAD, Operator, make_key, with_lead
from tests.servers.publisher import Publisher
from tests.servers.service import Service

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

SERVER = "edge"
NEVER = 80_000.0
OFF_AIR = [{"from_strike": 1, "measure": "drop", "seconds": 3600}]
QUICK = {
    "presence": {"connect_within_s": 6, "absent_after_s": 10},
    "watch": {"window_s": 8, "every_s": 20, "windows": 2, "look_every_s": 2},
    # Recorded operators cannot make gestures; what is asked on the ladder is asked of those who are cut anyway.
    "challenge": {"first_after_s": NEVER, "mean_every_s": NEVER, "least_gap_s": NEVER, "within_s": 3},
    "ladder": {
        "driving": [{"rung": "notify", "seconds": 1}, {"rung": "challenge", "seconds": 4}],
        "presence": [{"rung": "notify", "seconds": 1}, {"rung": "grace", "seconds": 1}],
        "likeness": [{"rung": "notify", "seconds": 2}, {"rung": "grace", "seconds": 4}],
        "measures": dict.fromkeys(("driving", "presence", "likeness"), OFF_AIR),
    },
}
"""The brisk profile, brisker: a clip is twenty seconds long."""

_NUMBERS = itertools.count(1)


class Studio:
    """A running service with nginx before it, and a broadcast for any clip."""

    def __init__(self, folder: Path, clips: Footage, service: Service, nginx: NginxRtmp) -> None:
        self.folder, self.clips, self.service, self.nginx = folder, clips, service, nginx
        self._avatars: dict[str, str] = {}

    async def avatar(self, name: str) -> str:
        if name not in self._avatars:
            self._avatars[name] = await self.service.api.register(name, self.clips.stills[name])
        return self._avatars[name]

    async def attach(self, shot: Shot, stream: str) -> tuple[str, str, Path]:
        """Attach the stream; the session, its one operator and the file of the operator's device key."""
        key = self.folder / f"{stream}.pem"
        operator = await self.service.api.enrol(stream, make_key(key))
        attached = await self.service.api.attach(
            url=self.nginx.publish_url(stream),
            avatar=await self.avatar(shot.avatar),
            operators=[operator],
            policy="quick",
            placement={"server": SERVER, "app": self.nginx.app, "stream": stream},
        )
        return attached["id"], operator, key


class Broadcast:
    """One clip on air as a stream, monitored; with its operator where the clip has telemetry."""

    def __init__(self, studio: Studio, shot: Shot, *, loop: bool) -> None:
        self.studio, self.shot, self.loop = studio, shot, loop
        self.stream = f"{shot.kind}-{shot.name}-{next(_NUMBERS)}"
        self.publisher = Publisher(shot.picture, studio.nginx.publish_url(self.stream), loop=loop)
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Attach the stream, let the operator in, and publish as the recorded motion begins."""
        self.session, operator, key = await self.studio.attach(self.shot, self.stream)
        if self.shot.telemetry is not None:
            recording = with_lead(self.shot.telemetry, self.studio.folder / f"{self.stream}.jsonl")
            driving = Operator(
                self.studio.service, self.session, operator, key=key, telemetry=recording, loop=self.loop
            )
            await self._stack.enter_async_context(driving)
            motion = await driving.opened() + LEAD
            await asyncio.sleep(max(0.0, motion - asyncio.get_running_loop().time()))
        await self._stack.enter_async_context(self.publisher)

    async def __aenter__(self) -> "Broadcast":
        try:
            await self.start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    folder = tmp_path_factory.mktemp("main-job")
    clips = footage(folder)
    service = Service(folder / "service")
    async with NginxRtmp(folder / "nginx", service.hook_url(SERVER)) as nginx:
        service.cuts_on(SERVER, nginx)
        async with service:
            await service.api.policy("quick", QUICK)
            yield Studio(folder, clips, service, nginx)


async def verdicts(studio: Studio, session: str) -> list[dict[str, Any]]:
    return [event["data"] for event in await studio.service.api.events(session) if event["type"] == "verdict.changed"]


async def ledger_of(studio: Studio, session: str) -> list[dict[str, Any]]:
    path = str(studio.service.data / "ledger.sqlite")
    status, printed = await studio.service.cli("ledger", "show", path, "--session", session, "--json")
    assert status == 0, printed
    return [json.loads(line) for line in printed.splitlines()]


async def test_driven_streams_stay_up_to_their_end(studio: Studio) -> None:
    async def stay(shot: Shot) -> None:
        async with Broadcast(studio, shot, loop=False) as broadcast:
            assert await broadcast.publisher.ended(shot.seconds + 60) == 0, broadcast.publisher.log
            standing = await studio.service.api.session(broadcast.session)
            assert standing["state"] in ("live", "blind"), standing
        await studio.service.api.end(broadcast.session)
        assert await studio.service.api.cuts(broadcast.session) == []
        given = await verdicts(studio, broadcast.session)
        assert "AI" not in {verdict["driver"] for verdict in given}
        # A clip begins with motion from before its telemetry: its first window is as good as half a window.
        assert max(verdict["p_human"] for verdict in given) > 0.85

    async with asyncio.TaskGroup() as group:
        for shot in studio.clips.of("driven", 2):
            group.create_task(stay(shot))


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("mismatched", {"driving", "repetition"}),  # the clip is played again from its end, which may be seen
        ("looped", {"driving", "repetition"}),
        ("ai_driven", {"presence", "repetition"}),  # an idle animation comes again by itself
    ],
)
async def test_what_nobody_drives_is_cut_and_kept_out(studio: Studio, kind: str, rules: set[str]) -> None:
    api = studio.service.api
    shot = studio.clips.without_operator() if kind == "ai_driven" else studio.clips.of(kind)[0]
    async with Broadcast(studio, shot, loop=True) as broadcast:
        assert await broadcast.publisher.ended(120) != 0, "ffmpeg was not told to stop"
        ended = await api.until(broadcast.session, lambda standing: standing["state"] == "cut", within=30)
    [cut] = await api.cuts(broadcast.session)
    assert cut["rule"] in rules
    assert cut["state"] == "confirmed"
    assert cut["placement"]["stream"] == broadcast.stream
    assert ended["ended_because"] == f"cut: {cut['rule']}"
    assert cut["evidence"]["driver"] == "AI"

    async with Publisher(shot.picture, studio.nginx.publish_url(broadcast.stream)) as again:
        assert await again.ended(20) != 0
    assert not await studio.nginx.on_air(broadcast.stream)

    await in_order(studio, broadcast.session, cut["id"])


async def in_order(studio: Studio, session: str, cut: str) -> None:
    """The ledger tells the whole story: the ladder, then the intent, then the receipt, then the end."""
    beside = ("evidence.", "statement.")  # what is kept and sent of it
    told = [entry["kind"] for entry in await ledger_of(studio, session)]
    kinds = [kind for kind in told if not kind.startswith(beside)]
    assert kinds[0] == "session.attached"
    aside = ("evidence.kept", "session.blind")  # kept when it is ready; what is cut falls silent
    ends = [kind for kind in kinds if kind not in aside][-3:]
    assert ends == ["cut.intended", "cut.confirmed", "session.ended"]
    assert "ladder.step" in kinds
    entries = {entry["kind"]: entry for entry in await ledger_of(studio, session)}
    assert entries["cut.intended"]["subject"] == entries["cut.confirmed"]["subject"] == cut
    assert entries["cut.intended"]["body"]["state"] == "intended"


async def test_a_blocked_stream_is_let_in_again_once_it_is_restored(studio: Studio) -> None:
    api, shot = studio.service.api, studio.clips.without_operator()
    async with Broadcast(studio, shot, loop=True) as broadcast:
        assert await broadcast.publisher.ended(60) != 0
        await api.until(broadcast.session, lambda standing: standing["state"] == "cut", within=30)
    [cut] = await api.cuts(broadcast.session)
    async with Publisher(shot.picture, studio.nginx.publish_url(broadcast.stream)) as refused:
        assert await refused.ended(20) != 0

    restored = await api.restore(cut["id"])
    assert restored["state"] == "restored"
    async with Publisher(shot.picture, studio.nginx.publish_url(broadcast.stream)) as again:
        await studio.nginx.wait_on_air(broadcast.stream)
        assert again.returncode is None
    kinds = [entry["kind"] for entry in await ledger_of(studio, broadcast.session)]
    assert kinds[-2:] == ["case.decided", "cut.restored"]


async def test_the_ledger_is_whole_while_it_is_being_written_to(studio: Studio) -> None:
    found = await studio.service.verify_ledger()
    assert found["ok"], found
    assert found["entries"] > 0
