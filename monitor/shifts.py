"""Shifts: whether an operator may stand behind a session, what they must show for it, and when they are gone.

The registry is the judge of who is where: what is heard of a channel follows it there in order, so that a person is in
one live session at a time even where several services share a registry.
"""

import asyncio
import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from random import SystemRandom
from typing import Any, Protocol

import structlog

from monitor.journal import Journal
from monitor.operator.entry import Arrival, Refusal
from monitor.passkeys import Begun, Passkeys
from monitor.pipeline import Pipeline
from monitor.shift_claim import arrival_of, claim_of, credential_of, same_channel, written
from monitor.touches import Touches
from monitor.verification import left
from protocols.backend import EventType
from protocols.channel.duty import ON_SHIFT, Asking, Duty, Needs
from protocols.channel.event import HandedOver
from protocols.channel.violation import Closing
from protocols.observation import Presence
from protocols.passkey.ceremony import WITHIN_S, PasskeyRefused
from protocols.policy import OperatorPolicy
from protocols.session import OperatorId, Session, SessionId
from registry.error import LedgerFailure, NotFound, RegistryError, Unavailable
from registry.operator import Operator
from registry.passkey import Passkey
from registry.registry import Registry
from registry.shift import Elsewhere, Shift
from registry.state import OperatorState, Purpose

_log = structlog.get_logger()

_NONCE_BYTES = 16
_DICE = SystemRandom().random  # an operator's side must not foresee when it is asked
_LOOK_AGAIN_AFTER = 1.0  # seconds, after a touch that proved nothing
_REFUSED_ZH = "通行密钥验证未通过，请重试。"
_LEFT = "the operator has left"
_TRY_AGAIN_EVERY = 1.0  # seconds, while the registry fails
_ELSEWHERE = Refusal(code=Closing.ELSEWHERE, message="you operate another session now: leave that one first")


class Channels(Protocol):
    """The operators' channels, as the gateway holds them."""

    def begin_shift(self, arrival: Arrival, duty: Duty) -> None:
        """Let a channel know that its shift has begun."""

    def dismiss(self, session: str, operator: str, code: str, text: str) -> None:
        """Send one operator away."""

    def expel(self, credential: bytes, text: str) -> None:
        """Close every channel of a device key that counts no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A session that runs here, with what its policy wants of operators."""

    session: Session
    policy: OperatorPolicy


class Shifts:
    """The shifts of one service. ``follow`` runs beside it; ``clock`` is the time of day."""

    def __init__(
        self,
        *,
        registry: Registry,
        passkeys: Passkeys,
        journal: Journal,
        pipeline: Callable[[str], Pipeline | None],
        clock: Callable[[], datetime],
        dice: Callable[[], float] = _DICE,
    ) -> None:
        self._touches = Touches(dice)
        self.channels: Channels | None = None
        self._registry = registry
        self._passkeys = passkeys
        self._journal = journal
        self._pipeline = pipeline
        self._clock = clock
        self._heard: asyncio.Queue[tuple[str, Presence | HandedOver]] = asyncio.Queue()

    async def arrive(self, arrival: Arrival) -> Duty | Refusal:
        """How an operator stands who has come in, or whose passkey has answered. Raises RegistryError."""
        await self._heard.join()  # what was heard of them before comes first
        broadcast = self._broadcast(arrival.session, arrival.operator)
        if broadcast is None:
            return Refusal()
        operator = await self._registry.operators.get(OperatorId(arrival.operator))
        lapsed = self._lapsed(operator, broadcast.policy)
        if lapsed is not None:
            return lapsed
        try:
            if arrival.ceremony:
                return await self._answered(arrival, broadcast, operator)
            if not await self._begun(arrival, broadcast):
                return await self._ask(arrival, broadcast, operator)
        except Elsewhere:
            return _ELSEWHERE
        duty = ON_SHIFT if arrival.again else await self._on_shift(broadcast, operator)
        return await self._touch(arrival, broadcast, duty)

    async def begin(self, arrival: Arrival) -> Begun:
        """Begin a shift from a page, for a channel of its key. Raises NotFound, alike for every reason."""
        broadcast = self._broadcast(arrival.session, arrival.operator)
        if broadcast is None:
            raise NotFound(Refusal().message)
        operator = await self._registry.operators.get(OperatorId(arrival.operator))
        if operator.state is not OperatorState.ACTIVE:
            raise NotFound(Refusal().message)
        return await self._ceremony(arrival, broadcast)

    async def options(self, ceremony: str) -> dict[str, Any]:
        """The options of a shift's ceremony that a channel has begun, for a page. Raises NotFound."""
        begun = await self._registry.passkeys.get(ceremony, Purpose.SHIFT, now=self._clock())
        return await self._passkeys.options(begun)

    async def finish(self, ceremony: str, credential: Mapping[str, Any]) -> Shift:
        """End a ceremony from a page: the shift begins. Raises PasskeyRefused, RegistryError."""
        begun = await self._registry.passkeys.get(ceremony, Purpose.SHIFT, now=self._clock())
        arrival = arrival_of(begun.context)
        broadcast = self._broadcast(arrival.session, arrival.operator)
        if broadcast is None:
            raise NotFound(Refusal().message)
        operator = await self._registry.operators.get(OperatorId(arrival.operator))
        lapsed = self._lapsed(operator, broadcast.policy)
        if lapsed is not None:
            raise PasskeyRefused(lapsed.text_en)
        shift = await self._prove(arrival, broadcast, ceremony, credential)
        if self.channels is not None:
            self.channels.begin_shift(arrival, await self._on_shift(broadcast, operator))
        return shift

    # ---- what is lost

    async def remove_device(self, operator: OperatorId, key: bytes, *, by: str) -> Operator:
        """A device is lost, or given away: its key counts no more, its channels are closed. Raises RegistryError."""
        left = await self._registry.operators.remove_device_key(operator, key, by=by, at=self._clock())
        if self.channels is not None:
            self.channels.expel(key, "the key of this device was removed: have another one enrolled")
        return left

    async def revoke_passkey(self, operator: OperatorId, passkey: str) -> Passkey:
        """A passkey is lost: it counts no more, and whoever is on shift by it begins anew. Raises RegistryError."""
        begun = await self._registry.shifts.begun_by(passkey)
        revoked = await self._registry.passkeys.revoke(passkey, holder=operator, at=self._clock())
        words = "the passkey that your shift began by was revoked: begin it by another"
        if self.channels is not None:
            for shift in begun:
                self.channels.dismiss(shift.session, shift.operator, Closing.UNAVAILABLE, words)
        return revoked

    def heard(self, session: str, told: Presence | HandedOver) -> None:
        """Take note of who came or went, or handed over; returns at once."""
        self._heard.put_nowait((session, told))

    async def follow(self) -> None:
        """Let the registry follow what was heard, until cancelled."""
        while True:
            session, told = await self._heard.get()
            while not await self._followed(SessionId(session), told):  # noqa: ASYNC110 - the database decides
                await asyncio.sleep(_TRY_AGAIN_EVERY)
            self._heard.task_done()

    # ---- what a shift takes

    def _broadcast(self, session: str, operator: str) -> Broadcast | None:
        pipeline = self._pipeline(session)
        if pipeline is None or operator not in pipeline.session.operators:
            return None
        return Broadcast(session=pipeline.session, policy=pipeline.policy.operator)

    async def _begun(self, arrival: Arrival, broadcast: Broadcast) -> bool:
        """Whether the shift of this key has begun; where no passkey is asked for, it begins."""
        session, operator = broadcast.session.id, OperatorId(arrival.operator)
        open_ = await self._registry.shifts.open(session, operator)
        ours = open_ is not None and open_.channel_key == arrival.channel_key
        if broadcast.policy.passkey != "none" and not (ours and open_ is not None and open_.passkey is not None):
            return False
        if ours:
            await self._registry.shifts.resume(session, operator)
            return True
        at_once = broadcast.policy.sessions_at_once
        shift = await self._registry.shifts.begin(
            session, operator, arrival.channel_key, at_once=at_once, at=self._clock()
        )
        await self._note_begun(broadcast, shift, synced=None)
        return True

    async def _ask(self, arrival: Arrival, broadcast: Broadcast, operator: Operator, because: str = "") -> Duty:
        begun = await self._ceremony(arrival, broadcast)
        known = bool(await self._registry.passkeys.of(operator.id))
        en = "Begin your shift with your passkey." if known else "You have no passkey yet: ask for an invitation."
        zh = "请使用通行密钥开始值班。" if known else "您尚未注册通行密钥，请索取邀请。"
        return Duty(
            on_shift=False,
            needs=Needs.PASSKEY,
            text_en=because or en,
            text_zh=_REFUSED_ZH if because else zh,
            asking=Asking(ceremony=begun.ceremony, options=json.dumps(begun.options), within=WITHIN_S),
            verified_for=self._verified_for(operator, broadcast.policy),
        )

    async def _ceremony(self, arrival: Arrival, broadcast: Broadcast) -> Begun:
        claim = claim_of(arrival, broadcast.session, secrets.token_bytes(_NONCE_BYTES))
        return await self._passkeys.begin(
            Purpose.SHIFT, holder=arrival.operator, challenge=claim.challenge(), context=written(claim)
        )

    async def _answered(self, arrival: Arrival, broadcast: Broadcast, operator: Operator) -> Duty:
        """The passkey's answer came over the channel: it must be to this channel's own ceremony."""
        try:
            touched = await self._touched(arrival, broadcast)
            if touched is not None:
                return touched
            begun = await self._registry.passkeys.get(arrival.ceremony, Purpose.SHIFT, now=self._clock())
            same_channel(arrival_of(begun.context), arrival)
            await self._prove(arrival, broadcast, arrival.ceremony, credential_of(arrival.credential))
        except (PasskeyRefused, NotFound) as refused:
            if await self._begun(arrival, broadcast):  # on shift already: a touch that proved nothing
                return Duty(on_shift=True, text_en=str(refused), text_zh=_REFUSED_ZH, again_in=_LOOK_AGAIN_AFTER)
            return await self._ask(arrival, broadcast, operator, str(refused))
        return await self._touch(arrival, broadcast, await self._on_shift(broadcast, operator))

    async def _prove(
        self, arrival: Arrival, broadcast: Broadcast, ceremony: str, credential: Mapping[str, Any]
    ) -> Shift:
        synced = broadcast.policy.passkey != "device_bound"
        proof = await self._passkeys.finish(ceremony, Purpose.SHIFT, credential, synced=synced)
        shift = await self._registry.shifts.begin(
            broadcast.session.id,
            OperatorId(arrival.operator),
            arrival.channel_key,
            passkey=proof.passkey.id,
            proof={"claim": dict(proof.ceremony.context), "credential": dict(credential)},
            at_once=broadcast.policy.sessions_at_once,
            at=self._clock(),
        )
        await self._note_begun(broadcast, shift, synced=proof.passkey.synced)
        return shift

    async def _note_begun(self, broadcast: Broadcast, shift: Shift, *, synced: bool | None) -> None:
        data = {"operator": shift.operator, "shift": shift.id, "passkey": shift.passkey, "synced": synced}
        await self._journal.note(broadcast.session, EventType.SHIFT_BEGAN, data, subject=shift.id)

    # ---- touches

    async def _touch(self, arrival: Arrival, broadcast: Broadcast, duty: Duty) -> Duty:
        """Ask for the passkey where its time has come; a touch that was missed goes on record."""
        now, policy = asyncio.get_running_loop().time(), broadcast.policy
        shift = await self._registry.shifts.open(broadcast.session.id, OperatorId(arrival.operator))
        touch = None if shift is None or shift.passkey is None else self._touches.of(shift.id, policy, now)
        if shift is None or touch is None:
            return duty
        if self._touches.missed(touch, policy, now):
            data = {"operator": arrival.operator, "shift": shift.id, "missed": touch.missed}
            await self._journal.note(broadcast.session, EventType.OPERATOR_TOUCH_MISSED, data, subject=shift.id)
        if touch.asking is None and now >= touch.due:
            within = policy.touch_within_s
            begun = await self._passkeys.begin(
                Purpose.TOUCH, holder=arrival.operator, context={"shift": shift.id, "session": arrival.session}
            )
            asking = Asking(ceremony=begun.ceremony, options=json.dumps(begun.options), within=within)
            self._touches.asked(touch, asking, now)
        if touch.asking is None:
            return replace(duty, again_in=touch.due - now)
        left = max(0.0, touch.until - now)
        en, zh = "Show by your passkey that it is still you.", "请使用通行密钥确认仍是您本人。"
        asking = replace(touch.asking, within=left)
        return replace(duty, needs=Needs.PASSKEY, text_en=en, text_zh=zh, asking=asking, again_in=left)

    async def _touched(self, arrival: Arrival, broadcast: Broadcast) -> Duty | None:
        """The passkey has answered a touch; None where the ceremony is none. Raises PasskeyRefused, NotFound."""
        now = asyncio.get_running_loop().time()
        shift = await self._registry.shifts.open(broadcast.session.id, OperatorId(arrival.operator))
        touch = None if shift is None else self._touches.of(shift.id, broadcast.policy, now)
        if shift is None or touch is None or touch.asking is None or touch.asking.ceremony != arrival.ceremony:
            return None
        synced = broadcast.policy.passkey != "device_bound"
        try:
            credential = credential_of(arrival.credential)
            proof = await self._passkeys.finish(arrival.ceremony, Purpose.TOUCH, credential, synced=synced)
        except PasskeyRefused:
            touch.until = now  # it is missed by that
            raise
        self._touches.answered(touch, broadcast.policy, now)
        data = {"operator": arrival.operator, "shift": shift.id, "passkey": proof.passkey.id}
        await self._journal.note(broadcast.session, EventType.OPERATOR_TOUCHED, data, subject=shift.id)
        return replace(ON_SHIFT, again_in=touch.due - now)

    # ---- verification

    def _lapsed(self, operator: Operator, policy: OperatorPolicy) -> Duty | None:
        if not operator.lapsed(self._clock(), after_days=policy.verified_for_days):
            return None
        return Duty(
            on_shift=False,
            needs=Needs.VERIFICATION,
            text_en="The verification of your identity has lapsed: have yourself verified anew to go on shift.",
            text_zh="您的实名认证已过期，请重新认证后再值班。",
            verified_for=0.0,
        )

    def _verified_for(self, operator: Operator, policy: OperatorPolicy) -> float | None:
        """Seconds for which the verification holds, where that is soon over."""
        return left(operator, policy, self._clock())

    async def _on_shift(self, broadcast: Broadcast, operator: Operator) -> Duty:
        seconds = self._verified_for(operator, broadcast.policy)
        if seconds is None:
            return ON_SHIFT
        days = max(0, int(seconds // 86_400))
        data = {"operator": operator.id, "lapses_in_s": round(seconds), "verified_at": operator.verified_at.isoformat()}
        await self._journal.note(broadcast.session, EventType.OPERATOR_VERIFICATION_DUE, data)
        return Duty(
            on_shift=True,
            text_en=f"Have your identity verified anew within {days} days, or you cannot go on shift after that.",
            text_zh=f"请在 {days} 天内重新进行实名认证，否则届时将无法值班。",
            verified_for=seconds,
        )

    # ---- following

    async def _followed(self, session: SessionId, told: Presence | HandedOver) -> bool:
        """Whether the registry has followed; False where it cannot be used now."""
        try:
            if isinstance(told, HandedOver):
                await self._note_handed_over(session, told)
            else:
                await self._follow(session, told)
        except RegistryError as failure:
            _log.warning("shift.waits", session=session, because=str(failure))
            return not isinstance(failure, Unavailable | LedgerFailure)
        return True

    async def _note_handed_over(self, session: SessionId, told: HandedOver) -> None:
        pipeline = self._pipeline(session)
        if pipeline is None:
            return
        data = {
            "at": round(told.at, 3),
            "giver": told.giver,
            "taker": told.taker,
            "statement": b64encode(told.statement).decode(),
            "giver_signature": b64encode(told.giver_signature).decode(),
            "taker_signature": b64encode(told.taker_signature).decode(),
        }
        await self._journal.note(pipeline.session, EventType.OPERATOR_HANDED_OVER, data)

    async def _follow(self, session: SessionId, presence: Presence) -> None:
        operator = OperatorId(presence.operator)
        if presence.connected:
            try:
                await self._registry.shifts.resume(session, operator)
            except Elsewhere:
                if self.channels is not None:
                    self.channels.dismiss(session, operator, _ELSEWHERE.code, _ELSEWHERE.message)
        elif presence.cause == _LEFT:
            await self._registry.shifts.end(session, operator, because=presence.cause, at=self._clock())
        else:
            await self._registry.shifts.lapse(session, operator, at=self._clock())
