"""Shifts: a person, a stream and a channel bound by a passkey; one live session at a time; verification that lapses."""

import asyncio
import contextlib
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.operator.entry import Arrival, Refusal
from monitor.pipeline import Pipeline
from monitor.shifts import Shifts
from protocols.channel.duty import ON_SHIFT, Duty, Needs
from protocols.channel.event import HandedOver
from protocols.observation import Presence
from protocols.passkey.ceremony import PasskeyRefused, register, registration_options
from protocols.policy import BRISK, OperatorPolicy
from registry.error import NotFound, Unavailable
from tests.servers.authenticator import Authenticator
from tests.unit.monitor.broadcast import PARTY, Broadcast, broadcast, clock
from tests.virtual_time import in_virtual_time

KEY, OTHER_KEY = bytes(32), bytes(31) + b"1"


@dataclass
class RecordingChannels:
    begun: list[tuple[Arrival, Duty]] = field(default_factory=list)
    dismissed: list[tuple[str, str, str]] = field(default_factory=list)

    def begin_shift(self, arrival: Arrival, duty: Duty) -> None:
        self.begun.append((arrival, duty))

    def dismiss(self, session: str, operator: str, code: str, text: str) -> None:
        self.dismissed.append((session, operator, code))


@dataclass(kw_only=True)
class House:
    stage: Broadcast
    pipeline: Pipeline
    other: Pipeline
    shifts: Shifts
    channels: RecordingChannels

    def arrival(self, key: bytes = KEY, session: str | None = None, **more: str) -> Arrival:
        of = session or self.stage.session.id
        return Arrival(operator=self.stage.operator, session=of, channel_key=key, **more)

    def presence(self, *, connected: bool, cause: str = "silent") -> Presence:
        return Presence(at=1.0, operator=self.stage.operator, connected=connected, cause=cause)

    async def registers(self, device: Authenticator) -> None:
        options = registration_options(PARTY, holder=self.stage.operator, label="x", challenge=bytes(32))
        made = register(PARTY, device.create(options), bytes(32))
        await self.stage.registry.passkeys.add(
            holder=self.stage.operator,
            credential=made.credential,
            key=made.key,
            sign_count=made.sign_count,
            synced=made.synced,
            aaguid=made.aaguid,
            at=clock(),
        )

    async def asked(self, arrival: Arrival | None = None) -> Duty:
        duty = await self.shifts.arrive(arrival or self.arrival())
        assert isinstance(duty, Duty)
        return duty

    async def answered(self, duty: Duty, device: Authenticator, **changes: Any) -> Duty | Refusal:
        assert duty.asking is not None
        credential = json.dumps(device.get(json.loads(duty.asking.options)))
        arrival = self.arrival(ceremony=duty.asking.ceremony, credential=credential)
        return await self.shifts.arrive(replace(arrival, **changes))


@contextlib.asynccontextmanager
async def house(folder: Path, **policy: Any) -> AsyncIterator[House]:
    judged_by = BRISK.model_copy(update={"operator": OperatorPolicy(**policy)})
    async with broadcast(folder, policy=judged_by) as stage:
        pipeline, other = stage.pipeline(), stage.pipeline(await stage.attach("other"))
        shifts, channels = stage.shifts(pipeline, other), RecordingChannels()
        shifts.channels = channels
        following = asyncio.create_task(shifts.follow())
        try:
            yield House(stage=stage, pipeline=pipeline, other=other, shifts=shifts, channels=channels)
        finally:
            following.cancel()
            await asyncio.wait({following})


@in_virtual_time
async def test_where_no_passkey_is_asked_for_a_shift_begins_on_arrival(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        assert await home.shifts.arrive(home.arrival()) == ON_SHIFT
        assert await home.shifts.arrive(home.arrival()) == ON_SHIFT
        (begun,) = await home.stage.entries("shift.began")
        assert (begun["operator"], begun["passkey"], begun["synced"]) == (home.stage.operator, None, None)


@in_virtual_time
async def test_a_passkey_over_person_stream_and_channel_begins_the_shift(tmp_path: Path) -> None:
    async with house(tmp_path, passkey="device_bound") as home:
        device = Authenticator()
        await home.registers(device)
        duty = await home.asked()
        assert (duty.on_shift, duty.needs) == (False, Needs.PASSKEY)
        assert await home.answered(duty, device) == ON_SHIFT
        shift = await home.stage.registry.shifts.open(home.stage.session.id, home.stage.operator)
        assert shift is not None
        assert shift.proof is not None
        assert shift.proof["claim"]["stream"] == "edge/live/hoshi"
        assert shift.proof["claim"]["avatar"] == home.stage.avatar
        assert shift.proof["credential"]["response"]["signature"]
        assert [e["synced"] for e in await home.stage.entries("shift.began")] == [False]
        assert await home.asked() == ON_SHIFT  # the same channel comes back without another touch


@in_virtual_time
async def test_another_channel_needs_an_assertion_of_its_own(tmp_path: Path) -> None:
    async with house(tmp_path, passkey="any") as home:
        device = Authenticator(synced=True)
        await home.registers(device)
        assert await home.answered(await home.asked(), device) == ON_SHIFT
        duty = await home.asked(home.arrival(OTHER_KEY))
        assert duty.on_shift is False


@in_virtual_time
@pytest.mark.parametrize(
    "changes",
    [{"channel_key": OTHER_KEY}, {"session": "other"}],
    ids=["relayed to another channel", "relayed to another session"],
)
async def test_an_answer_relayed_elsewhere_begins_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    async with house(tmp_path, passkey="any") as home:
        device = Authenticator()
        await home.registers(device)
        if "session" in changes:
            changes = {"session": home.other.session.id}
        again = await home.answered(await home.asked(), device, **changes)
        assert isinstance(again, Duty)
        assert (again.on_shift, again.text_en) == (False, "This answer is to another channel's question.")


@in_virtual_time
async def test_what_proves_nothing_is_asked_again(tmp_path: Path) -> None:
    async with house(tmp_path, passkey="device_bound") as home:
        synced = Authenticator(synced=True)
        assert (await home.asked()).text_en == "You have no passkey yet: ask for an invitation."
        await home.registers(synced)
        for device, words in ((synced, "several devices"), (Authenticator(), "not registered")):
            again = await home.answered(await home.asked(), device)
            assert isinstance(again, Duty)
            assert again.on_shift is False
            assert words in again.text_en
            assert again.asking is not None
        duty = await home.asked()
        assert duty.asking is not None
        for ceremony, credential in ((duty.asking.ceremony, "[1]"), (duty.asking.ceremony, "{"), ("cer_0", "{}")):
            again = await home.shifts.arrive(home.arrival(ceremony=ceremony, credential=credential))
            assert isinstance(again, Duty)
            assert again.needs is Needs.PASSKEY


@in_virtual_time
async def test_an_answer_counts_once(tmp_path: Path) -> None:
    async with house(tmp_path, passkey="any") as home:
        device = Authenticator()
        await home.registers(device)
        duty = await home.asked()
        assert await home.answered(duty, device) == ON_SHIFT
        home.shifts.heard(home.stage.session.id, home.presence(connected=False, cause="the operator has left"))
        again = await home.answered(duty, device)
        assert isinstance(again, Duty)
        assert again.on_shift is False


@in_virtual_time
async def test_a_page_begins_the_shift_of_a_channel(tmp_path: Path) -> None:
    async with house(tmp_path, passkey="any") as home:
        device = Authenticator()
        await home.registers(device)
        begun = await home.shifts.begin(home.arrival(OTHER_KEY))
        assert await home.shifts.options(begun.ceremony) == begun.options
        shift = await home.shifts.finish(begun.ceremony, device.get(begun.options))
        assert shift.channel_key == OTHER_KEY
        assert home.channels.begun == [(home.arrival(OTHER_KEY), ON_SHIFT)]
        with pytest.raises(NotFound):
            await home.shifts.options(begun.ceremony)
        refused = await home.shifts.begin(home.arrival())
        with pytest.raises(PasskeyRefused):
            await home.shifts.finish(refused.ceremony, Authenticator().get(refused.options))


@in_virtual_time
async def test_who_is_not_on_the_roster_learns_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, passkey="any") as home:
        stranger = replace(home.arrival(), operator="op_stranger")
        assert await home.shifts.arrive(stranger) == Refusal()
        said = set()
        for arrival in (stranger, home.arrival(session="ses_none")):
            with pytest.raises(NotFound) as refused:
                await home.shifts.begin(arrival)
            said.add(str(refused.value))
        await home.stage.registry.operators.revoke(home.stage.operator, by="ann", because="left", at=clock())
        with pytest.raises(NotFound) as refused:
            await home.shifts.begin(home.arrival())
        assert said == {str(refused.value)} == {Refusal().message}


@in_virtual_time
async def test_one_person_is_in_one_live_session(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        there = home.arrival(session=home.other.session.id)
        assert await home.shifts.arrive(home.arrival()) == ON_SHIFT
        refused = await home.shifts.arrive(there)
        assert isinstance(refused, Refusal)
        assert refused.code == "elsewhere"
        home.shifts.heard(home.stage.session.id, home.presence(connected=False))
        assert await home.shifts.arrive(there) == ON_SHIFT
        home.shifts.heard(home.stage.session.id, home.presence(connected=True, cause="heartbeats are back"))
        await asyncio.sleep(0.1)
        assert home.channels.dismissed == [(home.stage.session.id, home.stage.operator, "elsewhere")]


@in_virtual_time
async def test_a_registry_that_fails_is_followed_once_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home:
        await home.asked()
        lapse, failures = home.stage.registry.shifts.lapse, [Unavailable("locked"), Unavailable("locked")]

        async def failing(*args: Any, **kwargs: Any) -> None:
            if failures:
                raise failures.pop()
            await lapse(*args, **kwargs)

        monkeypatch.setattr(home.stage.registry.shifts, "lapse", failing)
        home.shifts.heard(home.stage.session.id, home.presence(connected=False))
        assert await home.shifts.arrive(home.arrival(session=home.other.session.id)) == ON_SHIFT
        assert failures == []


@in_virtual_time
async def test_a_lapsed_verification_keeps_an_operator_off_shift(tmp_path: Path) -> None:
    async with house(tmp_path, passkey="any", verified_for_days=30) as home:
        device = Authenticator()
        await home.registers(device)
        begun = await home.shifts.begin(home.arrival())
        registry = home.stage.registry
        long_ago = clock() - timedelta(days=31)
        operator = await registry.operators.enrol(
            pseudonym="old", issuer="i", assurance="high", verified_at=long_ago, at=long_ago
        )
        session = replace(home.stage.session, operators=(home.stage.operator, operator.id))
        pipeline = home.stage.pipeline(session)
        shifts = home.stage.shifts(pipeline)
        duty = await shifts.arrive(replace(home.arrival(), operator=operator.id))
        assert isinstance(duty, Duty)
        assert (duty.on_shift, duty.needs, duty.verified_for) == (False, Needs.VERIFICATION, 0.0)
        await registry.operators.verified(operator.id, assurance="high", verified_at=clock())
        duty = await shifts.arrive(replace(home.arrival(), operator=operator.id))
        assert isinstance(duty, Duty)
        assert duty.needs is Needs.PASSKEY
        assert begun.ceremony


@in_virtual_time
async def test_an_operator_hears_a_week_before_that_they_must_be_verified_anew(tmp_path: Path) -> None:
    async with house(tmp_path, verified_for_days=7.5, remind_days=7) as home:
        assert await home.asked() == ON_SHIFT
        await asyncio.sleep(86_400)
        duty = await home.asked()
        assert duty.on_shift is True
        assert duty.verified_for == pytest.approx(6.5 * 86_400, abs=2_000)
        assert "within 6 days" in duty.text_en
        (due,) = await home.stage.entries("operator.verification_due")
        assert due["operator"] == home.stage.operator


@in_virtual_time
async def test_a_handover_goes_on_record_with_both_signatures(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        handed = HandedOver(
            at=3.0,
            giver=home.stage.operator,
            taker="op_other",
            statement=b"told",
            giver_signature=b"1" * 64,
            taker_signature=b"2" * 64,
        )
        home.shifts.heard(home.stage.session.id, handed)
        home.shifts.heard("ses_none", handed)
        (entry,) = await home.stage.noted("operator.handed_over")
        assert (entry["giver"], entry["taker"]) == (home.stage.operator, "op_other")
        assert b64decode(entry["statement"]) == b"told"
        assert b64decode(entry["taker_signature"]) == b"2" * 64


TOUCHED = {"passkey": "any", "touch_every_s": 600, "touch_within_s": 60}


async def on_shift(home: House, device: Authenticator) -> float:
    """The shift has begun; in how many seconds it is asked again how they stand."""
    await home.registers(device)
    duty = await home.answered(await home.asked(), device)
    assert isinstance(duty, Duty)
    assert duty == ON_SHIFT
    assert duty.again_in is not None
    return duty.again_in


async def again(home: House) -> Duty:
    return await home.asked(replace(home.arrival(), again=True))


@in_virtual_time
async def test_within_a_shift_the_passkey_is_asked_for_again(tmp_path: Path) -> None:
    async with house(tmp_path, **TOUCHED) as home:
        device = Authenticator(count=1)
        gap = await on_shift(home, device)
        assert 60 <= gap <= 1800
        assert (await again(home)).again_in == pytest.approx(gap, abs=1)
        await asyncio.sleep(gap)
        asked = await again(home)
        assert (asked.on_shift, asked.needs, asked.again_in) == (True, Needs.PASSKEY, 60.0)
        await asyncio.sleep(10)
        reminded = await again(home)
        assert reminded.asking is not None
        assert asked.asking is not None
        assert (reminded.asking.ceremony, reminded.asking.within) == (asked.asking.ceremony, 50.0)
        answered = await home.answered(reminded, device)
        assert answered == ON_SHIFT
        (touched,) = await home.stage.entries("operator.touched")
        assert touched["operator"] == home.stage.operator
        assert await home.stage.entries("operator.touch_missed") == []


@in_virtual_time
async def test_a_touch_that_is_missed_or_proves_nothing_is_told_and_ends_no_shift(tmp_path: Path) -> None:
    async with house(tmp_path, **TOUCHED) as home:
        await asyncio.sleep(await on_shift(home, Authenticator()))
        await again(home)
        await asyncio.sleep(60)
        later = await again(home)
        assert (later.on_shift, later.needs) == (True, None)
        assert later.again_in is not None
        await asyncio.sleep(later.again_in)
        refused = await home.answered(await again(home), Authenticator())
        assert isinstance(refused, Duty)
        assert (refused.on_shift, refused.again_in) == (True, 1.0)
        assert "not registered" in refused.text_en
        assert (await again(home)).needs is None
        missed = await home.stage.entries("operator.touch_missed")
        assert [entry["missed"] for entry in missed] == [1, 2]
        assert await home.asked() == ON_SHIFT


@in_virtual_time
async def test_without_a_policy_for_it_nobody_is_asked_again(tmp_path: Path) -> None:
    async with house(tmp_path, passkey="any") as home:
        device = Authenticator()
        await home.registers(device)
        duty = await home.answered(await home.asked(), device)
        assert isinstance(duty, Duty)
        assert duty.again_in is None
