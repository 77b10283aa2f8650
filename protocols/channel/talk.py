"""The open part of a connection, seen from the server: sealed messages, their numbers, nonces and the chain."""

from protocols.channel import message
from protocols.channel.chain import Chain
from protocols.channel.claim import Claim
from protocols.channel.event import (
    AcceptReceived,
    AnswerReceived,
    AttestReceived,
    BreakReceived,
    ByeReceived,
    HeartbeatReceived,
    OfferReceived,
    PerformReceived,
    ServerEvent,
    ShiftReceived,
)
from protocols.channel.handshake import Keys, verify
from protocols.channel.limits import Limits
from protocols.channel.nonce import Nonces
from protocols.channel.packing import unpack
from protocols.channel.seal import Line, octets, unbase64url
from protocols.channel.table import FROM_CLIENT, Standing
from protocols.channel.table import ServerState as State
from protocols.channel.violation import Fault, TheirViolation


class Talk:
    """One open connection. Raises TheirViolation; closing is for the connection that owns it."""

    def __init__(
        self, *, claim: Claim, connection: str, epoch: int, device_key: bytes, keys: Keys, limits: Limits, now: float
    ) -> None:
        self._limits = limits
        self._device_key = device_key
        self._line = Line(outgoing=keys.from_server, incoming=keys.from_client)
        self._chain = Chain(claim.transcript)
        self._place = (claim.hello.session, connection, epoch)
        self._echoed = self._attested = self._heard = now

    @property
    def next_seq(self) -> int:
        """The number of the next message sent."""
        return self._line.next_seq

    def write(self, reply: message.Message) -> str:
        """Seal a message that carries ``next_seq``."""
        return self._line.send(reply)[0]

    def read(self, data: str | bytes, standing: Standing[State], nonces: Nonces, now: float) -> ServerEvent:
        """Read one sealed message, and move ``standing`` by it."""
        kind, payload, received = self._line.receive(octets(data, self._limits.frame_bytes))
        if kind not in FROM_CLIENT:
            raise TheirViolation(Fault.ILLEGAL, f"'{kind}' is the server's to send")
        standing.move(kind)
        event = self._event(received, nonces, now)
        self._chain.add(payload)
        self._heard = now
        return event

    def next_deadline(self) -> float:
        """When ``overdue`` has a fault to name."""
        return min(self._heard + self._limits.silent_after, self._attested + self._attest_within)

    def overdue(self, now: float) -> TheirViolation:
        """What they have not done in time, once the deadline has passed."""
        if now >= self._heard + self._limits.silent_after:
            return TheirViolation(Fault.SILENT, f"nothing heard for {self._limits.silent_after:g} s")
        return TheirViolation(Fault.UNATTESTED, f"no signature over the chain for {self._attest_within:g} s")

    @property
    def _attest_within(self) -> float:
        return self._limits.attest_every + self._limits.attest_grace

    def _event(self, received: message.Message, nonces: Nonces, now: float) -> ServerEvent:
        match received:
            case message.Heartbeat():
                return self._heartbeat(received, nonces, now)
            case message.Answer():
                return AnswerReceived(challenge=received.id, nonce=received.nonce, typed=received.typed)
            case message.Attest():
                return self._attest(received, now)
            case message.Shift():
                return ShiftReceived(ceremony=received.ceremony, credential=received.credential)
            case message.Break():
                return BreakReceived(seconds=received.seconds)
            case message.Back():
                return BreakReceived(seconds=0.0)
            case message.Perform():
                return PerformReceived(seconds=received.seconds)
            case message.Offer():
                signature = unbase64url(received.signature, 64)
                return OfferReceived(to=received.to, nonce=received.nonce, signature=signature)
            case message.Accept():
                signature = unbase64url(received.signature, 64)
                return AcceptReceived(by=received.by, nonce=received.nonce, signature=signature)
            case _:
                return ByeReceived()

    def _heartbeat(self, beat: message.Heartbeat, nonces: Nonces, now: float) -> HeartbeatReceived:
        if beat.nonce is None:
            if now - self._echoed > self._limits.nonce_ttl:
                raise TheirViolation(Fault.NONCE, f"no nonce echoed for {self._limits.nonce_ttl:g} s")
        elif nonces.redeem(beat.nonce, now):
            self._echoed = now
        else:
            raise TheirViolation(Fault.NONCE, "the nonce was never issued, is used, or too old")
        samples = unpack(beat.samples)
        if len(samples) > self._limits.samples_per_beat:
            raise TheirViolation(Fault.OVERSIZED, f"more than {self._limits.samples_per_beat} samples in a heartbeat")
        return HeartbeatReceived(seq=beat.seq, sent=beat.t, samples=samples)

    def _attest(self, attest: message.Attest, now: float) -> AttestReceived:
        statement = self._chain.statement(*self._place)
        signature = unbase64url(attest.signature, 64)
        if attest.count != self._chain.count or not verify(self._device_key, signature, statement):
            raise TheirViolation(Fault.BAD_SIGNATURE, "the signature is not over the chain that has arrived")
        self._attested = now
        return AttestReceived(count=attest.count, statement=statement, signature=signature)
