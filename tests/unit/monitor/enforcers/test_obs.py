"""The publisher's OBS is asked, and whatever it does, the cut is the media server's."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

import monitor.enforcers.obs as module
from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.obs import ObsRefused, ObsStudio, WithObs, ask
from protocols.session import Placement
from tests.servers.obs import Obs
from tests.servers.ports import free_port
from tests.unit.monitor.broadcast import MediaServer, failure
from tests.unit.monitor.enforcers.order import PLACEMENT, an_order


def studio(obs: Obs, **changes: Any) -> ObsStudio:
    return replace(ObsStudio(url=obs.url, password="correct horse", scene="Notice"), **changes)


async def asked(obs: Obs, count: int) -> None:
    async with asyncio.timeout(5):
        while len(obs.done) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_notice_with_the_block_and_a_stop_with_the_cut() -> None:
    server = MediaServer()
    async with Obs() as obs:
        enforcer = WithObs(server, {PLACEMENT: studio(obs)})
        await enforcer.block(an_order())
        await asked(obs, 1)
        await enforcer.cut(an_order())
        await asked(obs, 2)
        assert obs.done == [("SetCurrentProgramScene", {"sceneName": "Notice"}), ("StopStream", {})]
        assert await enforcer.gone(an_order())
        await enforcer.restore(an_order())
        await enforcer.close()
    assert server.log == ["block", "cut", "gone", "restore"]


async def test_without_a_scene_and_elsewhere_nobody_is_asked() -> None:
    async with Obs() as obs:
        enforcer = WithObs(MediaServer(), {PLACEMENT: studio(obs, scene=None)})
        await enforcer.block(an_order())
        for order in (an_order(placement=None), an_order(placement=Placement(server="main", app="live", stream="s2"))):
            await enforcer.block(order)
            await enforcer.cut(order)
        await enforcer.close()
        assert obs.done == []


async def test_what_obs_says_confirms_nothing() -> None:
    server = MediaServer()
    server.ineffective = 1
    async with Obs() as obs:
        enforcer = WithObs(server, {PLACEMENT: studio(obs)})
        await enforcer.cut(an_order())
        await asked(obs, 1)
        assert not await enforcer.gone(an_order())
        await enforcer.close()


async def test_a_server_that_fails_fails_whatever_obs_would_do() -> None:
    server = MediaServer()
    server.failures["cut"] = [failure()]
    async with Obs() as obs:
        enforcer = WithObs(server, {PLACEMENT: studio(obs)})
        with pytest.raises(type(failure())):
            await enforcer.cut(an_order())
        await enforcer.close()
        assert obs.done == []


async def test_an_obs_that_hangs_delays_nothing_and_is_left_at_the_end() -> None:
    async with Obs() as obs:
        obs.says = json.dumps({"op": 5, "d": {}})
        enforcer = WithObs(MediaServer(), {PLACEMENT: studio(obs)})
        async with asyncio.timeout(module.SECONDS / 2):
            await enforcer.block(an_order())
            await enforcer.cut(an_order())
            await enforcer.close()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"password": "wrong"}, "ConnectionClosedError"),
        ({"password": None}, "asks for a password"),
        ({"scene": "nowhere"}, "the code 600"),
    ],
)
async def test_why_obs_does_not_do_it_is_said(changes: dict[str, Any], says: str) -> None:
    async with Obs() as obs:
        place = studio(obs, **changes)
        with pytest.raises(ObsRefused, match=says):
            await ask(place, "SetCurrentProgramScene", {"sceneName": place.scene})


async def test_an_obs_without_a_password_is_asked_as_well() -> None:
    async with Obs(password=None) as obs:
        await ask(studio(obs, password=None), "StopStream", {})
        assert obs.done == [("StopStream", {})]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hello", "does not speak JSON"),
        ("[]", "not obs-websocket 5"),
        ('{"op": 0}', "not obs-websocket 5"),
        ('{"op": 0, "d": {"authentication": true}}', "how to authenticate"),
        ("x" * 100_000, "ConnectionClosed"),
        ('{"op": 9, "d": {}}', "TimeoutError"),
    ],
)
async def test_what_is_no_obs_is_refused(text: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.3)
    async with Obs() as obs:
        obs.says = text
        with pytest.raises(ObsRefused, match=says):
            await ask(studio(obs), "StopStream", {})


async def test_nobody_there_is_said() -> None:
    with pytest.raises(ObsRefused, match="no conversation"):
        await ask(ObsStudio(url=f"ws://127.0.0.1:{free_port()}"), "StopStream", {})


async def test_a_slate_is_the_notice_and_brings_the_scene_of_before_back() -> None:
    async with Obs() as obs:
        enforcer = WithObs(MediaServer(), {PLACEMENT: studio(obs)})
        assert enforcer.slates(an_order())
        before = await enforcer.slate(an_order())
        assert (before, obs.scene) == ("Game", "Notice")
        assert await enforcer.slate(an_order()) == ""  # the notice itself is not brought back
        await enforcer.unslate(an_order(), before)
        assert obs.scene == "Game"
        asked = len(obs.done)
        await enforcer.unslate(an_order(), "")
        assert len(obs.done) == asked
        await enforcer.close()


async def test_an_obs_that_does_not_do_it_is_a_failure_that_is_told() -> None:
    async with Obs(scenes=("Game",)) as obs:
        enforcer = WithObs(MediaServer(), {PLACEMENT: studio(obs)})
        with pytest.raises(EnforcerFailure, match="code 600") as refused:
            await enforcer.slate(an_order())
        assert not refused.value.retry
        with pytest.raises(EnforcerFailure) as later:
            await enforcer.unslate(an_order(), "Notice")
        assert later.value.retry
        await enforcer.close()


async def test_where_no_scene_is_set_nothing_can_be_covered() -> None:
    async with Obs() as obs:
        enforcer = WithObs(MediaServer(), {PLACEMENT: studio(obs, scene=None)})
        for order in (an_order(), an_order(placement=None)):
            assert not enforcer.slates(order)
            with pytest.raises(EnforcerFailure, match="no scene"):
                await enforcer.slate(order)
        assert obs.done == []
        await enforcer.close()


class Covering(MediaServer):
    """A media server that covers pictures itself."""

    def slates(self, order: Order) -> bool:
        return True

    async def slate(self, order: Order) -> str:
        self.log.append("slate")
        return "by the server"

    async def unslate(self, order: Order, before: str) -> None:
        self.log.append(f"unslate {before}")


async def test_a_server_that_covers_pictures_itself_comes_before_obs() -> None:
    server = Covering()
    async with Obs() as obs:
        enforcer = WithObs(server, {PLACEMENT: studio(obs)})
        await enforcer.unslate(an_order(), await enforcer.slate(an_order()))
        assert server.log == ["slate", "unslate by the server"]
        assert obs.done == []
        await enforcer.close()
