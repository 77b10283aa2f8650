"""A handover: who drives offers the floor to another who is there; both sign one statement with their device keys."""

from dataclasses import dataclass

from protocols.channel.event import AcceptReceived, HandedOver, OfferReceived
from protocols.channel.handshake import lengthed, verify

_TAG = b"nakanohito/handover/v1\0"
OFFERED_FOR = 60.0
"""Seconds for which an offer stands."""


class HandoverRefused(Exception):
    """A handover that is none; ``en`` and ``zh`` say why."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def statement(session: str, epoch: int, giver: str, taker: str, nonce: str) -> bytes:
    """What both sign; ``nonce`` is the giver's, so that no signature fits another handover."""
    parts = (session, str(epoch), giver, taker, nonce)
    return _TAG + lengthed(*(part.encode() for part in parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    giver: str
    taker: str
    nonce: str
    statement: bytes
    signature: bytes
    until: float


class Handovers:
    """The offers of one session, one at a time: a newer one takes the place of the one before."""

    def __init__(self, session: str, epoch: int) -> None:
        self._session, self._epoch = session, epoch
        self._offer: _Offer | None = None

    def offer(self, giver: str, offer: OfferReceived, device_key: bytes, now: float) -> None:
        """Take an offer that ``giver`` has signed with ``device_key``. Raises HandoverRefused."""
        told = statement(self._session, self._epoch, giver, offer.to, offer.nonce)
        _check(device_key, offer.signature, told)
        self._offer = _Offer(
            giver=giver,
            taker=offer.to,
            nonce=offer.nonce,
            statement=told,
            signature=offer.signature,
            until=now + OFFERED_FOR,
        )

    def accept(
        self, taker: str, accept: AcceptReceived, device_key: bytes, driver: str | None, now: float, at: float
    ) -> HandedOver:
        """What was offered is taken, while ``driver`` drives; both signatures, for others to check.

        Whatever comes of it, the offer is over. Raises HandoverRefused.
        """
        offer, self._offer = self._offer, None
        wanted = (accept.by, taker, accept.nonce)
        if offer is None or (offer.giver, offer.taker, offer.nonce) != wanted:
            raise HandoverRefused("There is no such offer.", "没有这样的交接请求。")
        if now >= offer.until or driver != offer.giver:
            raise HandoverRefused("This offer stands no more.", "该交接请求已失效。")
        _check(device_key, accept.signature, offer.statement)
        return HandedOver(
            at=at,
            giver=offer.giver,
            taker=taker,
            statement=offer.statement,
            giver_signature=offer.signature,
            taker_signature=accept.signature,
        )


def _check(device_key: bytes, signature: bytes, told: bytes) -> None:
    if not verify(device_key, signature, told):
        raise HandoverRefused("The handover is not signed by this device.", "交接未由本设备签名。")
