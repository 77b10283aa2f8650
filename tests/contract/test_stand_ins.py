"""The suite of all enforcers, on servers that behave as their documentation says."""

import time
from collections.abc import AsyncIterator

import pytest

from monitor.enforcers.enforcer import Enforcer
from monitor.enforcers.livekit import LiveKitEnforcer, LiveKitServer
from monitor.enforcers.mediamtx import MediaMtxEnforcer, MediaMtxServer
from monitor.enforcers.ovenmediaengine import OvenMediaEngineEnforcer, OvenMediaEngineServer
from monitor.enforcers.srs import SrsEnforcer, SrsServer
from monitor.hooks.livekit import LiveKitHooks
from monitor.hooks.mediamtx import MediaMtxHooks
from monitor.hooks.ovenmediaengine import OvenMediaEngineHooks
from monitor.hooks.srs import SrsHooks
from tests.contract.enforcer_contract import EnforcerContract, an_order, confirmed
from tests.contract.stages import MemoryBlocks
from tests.contract.stand_in_stages import StandInStage
from tests.servers.livekit import LiveKit
from tests.servers.mediamtx import MediaMtx
from tests.servers.ovenmediaengine import OvenMediaEngine
from tests.servers.srs import Srs


class TestSrs(EnforcerContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[StandInStage]:
        srs = Srs()

        def make(blocks: MemoryBlocks, right: bool) -> Enforcer:
            login = srs.LOGIN if right else ("monitor", "wrong")
            return SrsEnforcer(SrsServer(name="main", url=srs.url, login=login), blocks)

        async with StandInStage(srs, make, lambda _: SrsHooks()) as stage:
            yield stage


class TestMediaMtx(EnforcerContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[StandInStage]:
        mediamtx = MediaMtx()

        def make(blocks: MemoryBlocks, right: bool) -> Enforcer:
            login = mediamtx.LOGIN if right else ("monitor", "wrong")
            return MediaMtxEnforcer(MediaMtxServer(name="main", url=mediamtx.url, login=login), blocks)

        async with StandInStage(mediamtx, make, lambda _: MediaMtxHooks()) as stage:
            yield stage


class TestLiveKit(EnforcerContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[StandInStage]:
        livekit = LiveKit()

        def make(blocks: MemoryBlocks, right: bool) -> Enforcer:
            secret = livekit.SECRET if right else "wrong"
            server = LiveKitServer(name="main", url=livekit.url, api_key=livekit.KEY, api_secret=secret)
            return LiveKitEnforcer(server, blocks, now=time.time)

        def hooks(enforcer: Enforcer) -> LiveKitHooks:
            assert isinstance(enforcer, LiveKitEnforcer)
            return LiveKitHooks(api_key=livekit.KEY, api_secret=livekit.SECRET, remove=enforcer.remove)

        async with StandInStage(livekit, make, hooks) as stage:
            yield stage

    async def test_a_token_of_before_the_cut_does_not_open_the_door_again(self, stage: StandInStage) -> None:
        """Even while our hooks are down."""
        order = an_order(stage)
        livekit = stage.stand_in
        assert isinstance(livekit, LiveKit)
        livekit.token_of = time.time() - 5
        assert await stage.publish("one")
        await stage.enforcer.block(order)
        await stage.enforcer.cut(order)
        assert await confirmed(stage, order)
        livekit.hook_url = None
        assert not await stage.publish("one")


class TestOvenMediaEngine(EnforcerContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[StandInStage]:
        oven = OvenMediaEngine()

        def make(blocks: MemoryBlocks, right: bool) -> Enforcer:
            token = oven.TOKEN if right else "wrong"
            return OvenMediaEngineEnforcer(OvenMediaEngineServer(name="main", url=oven.url, access_token=token), blocks)

        async with StandInStage(oven, make, lambda _: OvenMediaEngineHooks(oven.SECRET)) as stage:
            yield stage
