"""The suite of all enforcers, on servers that behave as their documentation says."""

import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

import monitor.enforcers.alibaba as alibaba_enforcer
import monitor.enforcers.ivs as ivs_enforcer
import monitor.enforcers.tencent as tencent_enforcer
from monitor.enforcers.alibaba import AlibabaEnforcer, AlibabaServer
from monitor.enforcers.enforcer import Enforcer
from monitor.enforcers.ivs import IvsEnforcer, IvsServer
from monitor.enforcers.livekit import LiveKitEnforcer, LiveKitServer
from monitor.enforcers.mediamtx import MediaMtxEnforcer, MediaMtxServer
from monitor.enforcers.ovenmediaengine import OvenMediaEngineEnforcer, OvenMediaEngineServer
from monitor.enforcers.srs import SrsEnforcer, SrsServer
from monitor.enforcers.tencent import TencentEnforcer, TencentServer
from monitor.hooks.livekit import LiveKitHooks
from monitor.hooks.mediamtx import MediaMtxHooks
from monitor.hooks.ovenmediaengine import OvenMediaEngineHooks
from monitor.hooks.srs import SrsHooks
from tests.contract.crash_contract import CrashContract
from tests.contract.enforcer_contract import EnforcerContract, an_order, confirmed
from tests.contract.stages import LOOPBACK_EGRESS
from tests.contract.stand_in_stages import StandInStage
from tests.servers.alibaba import Alibaba
from tests.servers.ivs import Ivs
from tests.servers.livekit import LiveKit
from tests.servers.mediamtx import MediaMtx
from tests.servers.ovenmediaengine import OvenMediaEngine
from tests.servers.srs import Srs
from tests.servers.tencent import Tencent


def _nonce() -> str:
    return uuid.uuid4().hex


class TestSrs(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[StandInStage]:
        srs = Srs()

        def make(right: bool) -> Enforcer:
            login = srs.LOGIN if right else ("monitor", "wrong")
            return SrsEnforcer(SrsServer(name="main", url=srs.url, login=login))

        async with StandInStage(srs, make, lambda _: SrsHooks()) as stage:
            yield stage


class TestMediaMtx(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[StandInStage]:
        mediamtx = MediaMtx()

        def make(right: bool) -> Enforcer:
            login = mediamtx.LOGIN if right else ("monitor", "wrong")
            return MediaMtxEnforcer(MediaMtxServer(name="main", url=mediamtx.url, login=login))

        async with StandInStage(mediamtx, make, lambda _: MediaMtxHooks()) as stage:
            yield stage


class TestLiveKit(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[StandInStage]:
        livekit = LiveKit()

        def make(right: bool) -> Enforcer:
            secret = livekit.SECRET if right else "wrong"
            server = LiveKitServer(name="main", url=livekit.url, api_key=livekit.KEY, api_secret=secret)
            return LiveKitEnforcer(server, now=time.time)

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


class TestOvenMediaEngine(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[StandInStage]:
        oven = OvenMediaEngine()

        def make(right: bool) -> Enforcer:
            token = oven.TOKEN if right else "wrong"
            return OvenMediaEngineEnforcer(OvenMediaEngineServer(name="main", url=oven.url, access_token=token))

        async with StandInStage(oven, make, lambda _: OvenMediaEngineHooks(oven.SECRET)) as stage:
            yield stage


class TestTencent(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandInStage]:
        monkeypatch.setattr(tencent_enforcer, "PACE", 0.0)
        tencent = Tencent()

        def make(right: bool) -> Enforcer:
            key = tencent.KEY if right else replace(tencent.KEY, secret="wrong")
            server = TencentServer(name="main", domain=tencent.DOMAIN, key=key, url=tencent.url)
            return TencentEnforcer(server, egress=LOOPBACK_EGRESS, now=time.time)

        async with StandInStage(tencent, make) as stage:
            yield stage


class TestAlibaba(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandInStage]:
        monkeypatch.setattr(alibaba_enforcer, "PACE", 0.0)
        alibaba = Alibaba()

        def make(right: bool) -> Enforcer:
            key = alibaba.KEY if right else replace(alibaba.KEY, secret="wrong")
            server = AlibabaServer(name="main", domain=alibaba.DOMAIN, key=key, url=alibaba.url)
            return AlibabaEnforcer(server, egress=LOOPBACK_EGRESS, now=time.time, nonce=_nonce)

        async with StandInStage(alibaba, make) as stage:
            yield stage


class TestIvs(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandInStage]:
        monkeypatch.setattr(ivs_enforcer, "PACE", 0.0)
        ivs = Ivs()

        def make(right: bool) -> Enforcer:
            key = ivs.KEY if right else replace(ivs.KEY, secret="wrong")
            server = IvsServer(name="main", region=ivs.REGION, account=ivs.ACCOUNT, key=key, url=ivs.url)
            return IvsEnforcer(server, egress=LOOPBACK_EGRESS, now=time.time)

        async with StandInStage(ivs, make, app="channel") as stage:
            yield stage
