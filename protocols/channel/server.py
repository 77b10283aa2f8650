"""One connection, seen from the server."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocols.channel import VERSION, claim, message
from protocols.channel.challenge import OpenChallenge
from protocols.channel.claim import Claim
from protocols.channel.duty import Duty
from protocols.channel.event import HeartbeatReceived, HelloReceived, Outcome, ServerEvent
from protocols.channel.handshake import derive, public_key
from protocols.channel.limits import Limits
from protocols.channel.nonce import Nonces
from protocols.channel.notice import Notice
from protocols.channel.rate import Bucket
from protocols.channel.seal import octets
from protocols.channel.table import FROM_CLIENT, SERVER, Move, ServerState, Standing
from protocols.channel.talk import Talk
from protocols.channel.violation import Closing, Fault, OurViolation, TheirViolation

NOT_ADMITTED = "this operator is not on the roster of such a session, or the device key is not the enrolled one"
"""Told alike for every reason, so that nobody learns who is on a roster."""


_LONGEST_TEXT = 2000


class ServerConnection:
    """Takes what an operator's software sends; what is to be sent back lies in ``data_to_send``.

    ``entropy`` is 64 random bytes, for this connection alone. ``receive``, ``verify``, ``open`` and ``expire`` raise
    TheirViolation after they have closed the connection and queued the reason.
    """

    def __init__(self, *, entropy: bytes, limits: Limits, now: float) -> None:
        if len(entropy) != 64:
            raise OurViolation("a connection takes 64 random bytes")
        self._limits = limits
        self._private = X25519PrivateKey.from_private_bytes(entropy[:32])
        self._nonces = Nonces(entropy[32:], limits.nonce_ttl)
        self._bucket = Bucket(limits.rate, limits.burst, now)
        self._standing = Standing(SERVER, ServerState.GREETING, FROM_CLIENT)
        self._hello_deadline = now + limits.hello_within
        self._claim: Claim | None = None
        self._device_key = b""
        self._talk: Talk | None = None
        self._welcome = message.Welcome(
            version=VERSION,
            connection="c-" + self._nonces.fresh(),
            nonce=self._nonces.fresh(),
            key=public_key(self._private),
        )
        self._out = [message.encode(self._welcome).decode()]

    @property
    def id(self) -> str:
        """The name of this connection, unique and unforeseeable."""
        return self._welcome.connection

    @property
    def state(self) -> ServerState:
        """Where it stands."""
        return self._standing.state

    @property
    def waiting(self) -> bool:
        """Whether the shell has something to do: to send, or to close the transport."""
        return bool(self._out) or self.state is ServerState.CLOSED

    def data_to_send(self) -> list[str]:
        """Messages to send, each once, in this order."""
        out, self._out = self._out, []
        return out

    def receive(self, data: str | bytes, now: float) -> list[ServerEvent]:
        """Take one message. What comes after the connection was closed is not read."""
        if self.state is ServerState.CLOSED:
            return []
        try:
            self._bucket.spend(now)
            if self._talk is not None:
                return [self._talk.read(data, self._standing, self._nonces, now)]
            return [self._hello(data)]
        except TheirViolation as violation:
            self._part(violation.fault, str(violation), Move.VIOLATION)
            raise

    def next_deadline(self) -> float | None:
        """When ``expire`` has something to do."""
        if self.state is ServerState.CLOSED:
            return None
        return self._hello_deadline if self._talk is None else self._talk.next_deadline()

    def expire(self, now: float) -> None:
        """Close a connection that did not do in time what it must, and raise TheirViolation."""
        deadline = self.next_deadline()
        if deadline is None or now < deadline:
            return
        if self._talk is None:
            violation = TheirViolation(Fault.TIMEOUT, f"no valid hello within {self._limits.hello_within:g} s")
        else:
            violation = self._talk.overdue(now)
        self._part(violation.fault, str(violation), Move.DEADLINE)
        raise violation

    def lost(self) -> None:
        """The transport is gone."""
        if self._standing.allows(Move.LOST):
            self._standing.move(Move.LOST)

    def verify(self, *device_keys: bytes) -> bytes:
        """Check the hello's signature against the device keys (Ed25519, 32 bytes each) that were enrolled.

        Returns the one that has signed it.
        """
        if self._claim is None or not self._standing.allows(Move.VERIFIES):
            raise OurViolation("there is no hello to verify")
        claim = self._claim
        proof = next((key for key in device_keys if claim.proven_by(key)), None)
        if proof is None:
            self._part(Closing.NOT_ADMITTED, NOT_ADMITTED, Move.VIOLATION)
            raise TheirViolation(Fault.BAD_SIGNATURE, "no enrolled device key has signed this hello")
        self._standing.move(Move.VERIFIES)
        self._device_key = proof
        return proof

    def open(self, *, epoch: int, driving: bool, resumed: bool, now: float) -> None:
        """Derive the keys of this connection, and send ready."""
        if self._claim is None or not self._standing.allows(Move.READY):
            raise OurViolation("only a verified connection can be opened")
        hello = self._claim.hello
        try:
            keys = derive(self._private, hello.key, self._welcome, hello, epoch)
        except TheirViolation as violation:
            self._part(violation.fault, str(violation), Move.VIOLATION)
            raise
        self._talk = Talk(
            claim=self._claim,
            connection=self.id,
            epoch=epoch,
            device_key=self._device_key,
            keys=keys,
            limits=self._limits,
            now=now,
        )
        ready = message.Ready(
            seq=self._seq,
            epoch=epoch,
            nonce=self._nonces.issue(now),
            interval=self._limits.interval,
            attest_every=self._limits.attest_every,
            samples_per_beat=self._limits.samples_per_beat,
            driving=driving,
            resumed=resumed,
        )
        self._send(ready)

    def ack(self, beat: HeartbeatReceived, *, taken: int, refused: int, now: float) -> None:
        """Acknowledge a heartbeat."""
        nonce = self._nonces.issue(now)
        self._send(message.Ack(seq=self._seq, of=beat.seq, nonce=nonce, taken=taken, refused=refused))

    def ask(self, challenge: OpenChallenge, now: float) -> None:
        """Ask for what a challenge asks, or ask again after a resume."""
        self._send(
            message.Challenge(
                seq=self._seq,
                id=challenge.id,
                within=max(0.0, challenge.deadline - now),
                nonce=challenge.nonce,
                gesture=challenge.gesture,
                then=challenge.then,
                digits=challenge.digits,
            )
        )

    def receipt(self, challenge: str, outcome: Outcome) -> None:
        """Say what became of an answer."""
        self._send(message.Receipt(seq=self._seq, id=challenge, outcome=outcome))

    def notify(self, notice: Notice, within: float | None) -> None:
        """Tell the operator something; ``within`` seconds from now, where it has a time."""
        en, zh = notice.text_en[:_LONGEST_TEXT], notice.text_zh[:_LONGEST_TEXT]
        told = message.Notice(seq=self._seq, level=notice.level, code=notice.code, en=en, zh=zh, within=within)
        self._send(told)

    def floor(self, *, driving: bool) -> None:
        """Say whether this operator drives now."""
        self._send(message.Floor(seq=self._seq, driving=driving))

    @property
    def device_key(self) -> bytes:
        """The device key that has signed the hello."""
        return self._device_key

    def offered(self, by: str, nonce: str, within: float) -> None:
        """Say that another operator offers the floor."""
        self._send(message.Offered(seq=self._seq, by=by, nonce=nonce, within=within))

    def duty(self, duty: Duty) -> None:
        """Say how the operator stands."""
        asking = duty.asking
        self._send(
            message.Duty(
                seq=self._seq,
                on_shift=duty.on_shift,
                needs=duty.needs,
                en=duty.text_en,
                zh=duty.text_zh,
                ceremony=None if asking is None else asking.ceremony,
                options=None if asking is None else asking.options,
                within=None if asking is None else asking.within,
                verified_for=duty.verified_for,
                break_for=duty.break_for,
                break_left=duty.break_left,
            )
        )

    def close(self, code: str, text: str) -> None:
        """Say why, and close; before ready this is a refusal. Nothing happens where it is closed already."""
        if self.state is not ServerState.CLOSED:
            self._part(code, text, Move.REFUSED if self._talk is None else Move.CLOSE)

    @property
    def _seq(self) -> int:
        if self._talk is None:
            raise OurViolation("the connection is not open yet")
        return self._talk.next_seq

    def _hello(self, data: str | bytes) -> ServerEvent:
        if self._claim is not None:
            raise TheirViolation(Fault.ILLEGAL, "nothing may be sent between hello and ready")
        self._claim = claim.read(octets(data, self._limits.frame_bytes), self._welcome)
        self._standing.move(Move.HELLO)
        return HelloReceived(session=self._claim.hello.session, operator=self._claim.hello.operator)

    def _send(self, reply: message.Message) -> None:
        if self._talk is None:
            raise OurViolation("the connection is not open yet")
        self._standing.move(message.move_of(reply))
        self._out.append(self._talk.write(reply))

    def _part(self, code: str, text: str, move: Move) -> None:
        self._standing.move(move)
        text = text[:_LONGEST_TEXT]
        if self._talk is None:
            self._out.append(message.encode(message.Refused(code=code, message=text)).decode())
        else:
            self._out.append(self._talk.write(message.Close(seq=self._seq, code=code, message=text)))
