"""One connection, seen from the operator's side."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocols.channel import VERSION, message
from protocols.channel.chain import Chain
from protocols.channel.event import (
    Acknowledged,
    Challenged,
    ClientEvent,
    DutyTold,
    Ended,
    FloorChanged,
    FloorOffered,
    Noticed,
    Opened,
    Outcome,
    Receipted,
)
from protocols.channel.handover import statement
from protocols.channel.handshake import derive, public_key, transcript
from protocols.channel.limits import Limits
from protocols.channel.outbox import Outbox
from protocols.channel.seal import Line, base64url, octets, sign, unopened
from protocols.channel.table import CLIENT, FROM_SERVER, ClientState, Move, Standing
from protocols.channel.violation import Fault, OurViolation, TheirViolation

Sign = Callable[[bytes], bytes]
"""Signs bytes with the device key (Ed25519): 64 bytes."""


class ClientConnection:
    """Says hello, beats, answers. ``entropy`` is 48 random bytes, for this connection alone.

    ``receive`` and ``expire`` raise TheirViolation once the server has left the protocol; the connection is closed.
    """

    def __init__(
        self, *, session: str, operator: str, sign: Sign, entropy: bytes, outbox: Outbox, limits: Limits, now: float
    ) -> None:
        if len(entropy) != 48:
            raise OurViolation("a connection takes 48 random bytes")
        self._session, self._operator = session, operator
        self._sign = sign
        self._private = X25519PrivateKey.from_private_bytes(entropy[:32])
        self._own_nonce = base64url(entropy[32:])
        self._outbox = outbox
        self._limits = limits
        self._standing = Standing(CLIENT, ClientState.WAITING, FROM_SERVER)
        self._out: list[str] = []
        self._open_deadline = now + limits.hello_within
        self._welcome: message.Welcome | None = None
        self._line: Line | None = None

    @property
    def state(self) -> ClientState:
        """Where it stands."""
        return self._standing.state

    def data_to_send(self) -> list[str]:
        """Messages to send, each once, in this order."""
        out, self._out = self._out, []
        return out

    def receive(self, data: str | bytes, now: float) -> list[ClientEvent]:
        """Take one message. What comes after the connection was closed is not read."""
        if self.state is ClientState.CLOSED:
            return []
        try:
            frame = octets(data, self._limits.frame_bytes)
            if self._line is None:
                return self._handshake(frame, now)
            return self._sealed(self._line, frame, now)
        except TheirViolation:
            self._standing.move(Move.VIOLATION)
            raise

    def answer(self, challenge: str, typed: str | None = None) -> None:
        """Say that it is done, or what was ``typed``: now, or after the next resume where the channel is not open."""
        if not self._outbox.answerable(challenge):
            raise OurViolation(f"challenge {challenge} is not open, or was answered")
        nonce = self._outbox.answer(challenge, typed)
        if self.state is ClientState.OPEN:
            self._send(message.Answer(seq=self._seq, id=challenge, nonce=nonce, typed=typed))

    def shift(self, ceremony: str, credential: str) -> bool:
        """Begin a shift by the passkey's answer (JSON); whether it could be sent: a ceremony is not kept for later."""
        if self.state is not ClientState.OPEN:
            return False
        self._send(message.Shift(seq=self._seq, ceremony=ceremony, credential=credential))
        return True

    def rest(self, seconds: float) -> bool:
        """Announce a break of so many seconds, or end it by 0; whether it could be sent."""
        if self.state is not ClientState.OPEN:
            return False
        said = message.Break(seq=self._seq, seconds=seconds) if seconds > 0 else message.Back(seq=self._seq)
        self._send(said)
        return True

    def perform(self, seconds: float) -> bool:
        """Announce a segment of so many seconds in which nobody should ask, or end it by 0; whether it was sent."""
        if self.state is not ClientState.OPEN:
            return False
        self._send(message.Perform(seq=self._seq, seconds=seconds))
        return True

    def offer(self, to: str, nonce: str) -> bool:
        """Offer the floor to another operator; ``nonce``: 16 random bytes in base64url. Whether it could be sent."""
        if self.state is not ClientState.OPEN:
            return False
        signature = self._sign(statement(self._session, self._epoch, self._operator, to, nonce))
        self._send(message.Offer(seq=self._seq, to=to, nonce=nonce, signature=base64url(signature)))
        return True

    def accept(self, by: str, nonce: str) -> bool:
        """Take the floor that ``by`` has offered; whether it could be sent."""
        if self.state is not ClientState.OPEN:
            return False
        signature = self._sign(statement(self._session, self._epoch, by, self._operator, nonce))
        self._send(message.Accept(seq=self._seq, by=by, nonce=nonce, signature=base64url(signature)))
        return True

    def bye(self, now: float) -> None:
        """Leave on purpose, with the motion that is left; before the channel is open there is nobody to tell."""
        if self.state is ClientState.OPEN:
            if self._outbox:
                self._beat(now)
            self._send(message.Bye(seq=self._seq))
        else:
            self.lost()

    def lost(self) -> None:
        """The transport is gone."""
        if self._standing.allows(Move.LOST):
            self._standing.move(Move.LOST)

    def next_deadline(self) -> float | None:
        """When ``expire`` has something to do."""
        if self.state is ClientState.CLOSED:
            return None
        if self.state is not ClientState.OPEN:
            return self._open_deadline
        return min(self._beat_due, self._heard + self._limits.silent_after)

    def expire(self, now: float) -> None:
        """Beat and attest when due. Raises TheirViolation where the server has fallen silent."""
        deadline = self.next_deadline()
        if deadline is None or now < deadline:
            return
        if self.state is not ClientState.OPEN:
            self._standing.move(Move.DEADLINE)
            raise TheirViolation(Fault.TIMEOUT, f"the server did not answer within {self._limits.hello_within:g} s")
        if now >= self._heard + self._limits.silent_after:
            self._standing.move(Move.DEADLINE)
            raise TheirViolation(Fault.SILENT, f"nothing heard from the server for {self._limits.silent_after:g} s")
        self._beat(now)
        if now >= self._attest_due:
            self._attest(now)

    def _handshake(self, frame: bytes, now: float) -> list[ClientEvent]:
        if not frame.startswith(b"{"):
            return self._ready(frame, now)
        kind = message.kind_of(frame)
        if kind is Move.REFUSED:
            refused = message.decode(message.Refused, frame)
            self._standing.move(kind)
            return [Ended(code=refused.code, message=refused.message)]
        if kind is not Move.WELCOME:
            raise TheirViolation(Fault.ILLEGAL, f"'{kind}' must be sealed")
        welcome = message.decode(message.Welcome, frame)
        self._standing.move(kind)
        if welcome.version != VERSION:
            raise TheirViolation(Fault.VERSION, f"the server speaks {welcome.version}, this side {VERSION}")
        self._hello(welcome)
        return []

    def _hello(self, welcome: message.Welcome) -> None:
        self._welcome = welcome
        self._hello_sent = hello = message.Hello(
            version=VERSION,
            session=self._session,
            operator=self._operator,
            server_nonce=welcome.nonce,
            nonce=self._own_nonce,
            key=public_key(self._private),
        )
        self._transcript = transcript(welcome, hello, message.encode(hello))
        self._out.append(sign(hello, self._sign(self._transcript)))

    def _ready(self, frame: bytes, now: float) -> list[ClientEvent]:
        if self._welcome is None:
            raise TheirViolation(Fault.ILLEGAL, "the first message is a welcome")
        # The epoch is part of the keys, so it is read before the seal can be checked, and used for nothing else.
        self._epoch = message.decode(message.Ready, unopened(frame)).epoch
        keys = derive(self._private, self._welcome.key, self._welcome, self._hello_sent, self._epoch)
        line = Line(outgoing=keys.from_client, incoming=keys.from_server)
        kind, _, ready = line.receive(frame)
        self._standing.move(kind)
        if not isinstance(ready, message.Ready):  # pragma: no cover - the type was read from the same bytes
            raise TheirViolation(Fault.ILLEGAL, "ready was due")
        self._line, self._chain = line, Chain(self._transcript)
        self._nonce: str | None = ready.nonce
        self._ready_says = ready
        self._heard = self._beat_due = now
        self._attest_due = now + ready.attest_every
        self._sent_at: dict[int, float] = {}
        self._outbox.restart()
        for challenge, nonce, typed in self._outbox.answers:
            self._send(message.Answer(seq=self._seq, id=challenge, nonce=nonce, typed=typed))
        return [Opened(driving=ready.driving, resumed=ready.resumed, interval=ready.interval)]

    def _sealed(self, line: Line, frame: bytes, now: float) -> list[ClientEvent]:
        kind, _, received = line.receive(frame)
        if kind not in FROM_SERVER:
            raise TheirViolation(Fault.ILLEGAL, f"'{kind}' is the operator's side's to send")
        self._standing.move(kind)
        self._heard = now
        return [self._event(received, now)]

    def _event(self, received: message.Message, now: float) -> ClientEvent:
        match received:
            case message.Ack():
                return self._acknowledged(received, now)
            case message.Challenge():
                self._outbox.challenged(received.id, received.nonce)
                return _asked(received, now)
            case message.Receipt():
                self._outbox.receipted(received.id, again=received.outcome == Outcome.WRONG_DIGITS)
                return Receipted(challenge=received.id, outcome=received.outcome)
            case message.Notice(level=level, code=code, en=en, zh=zh):
                until = None if received.within is None else now + received.within
                return Noticed(level=level, code=code, en=en, zh=zh, until=until)
            case message.Floor():
                return FloorChanged(driving=received.driving)
            case message.Duty():
                return _told(received, now)
            case message.Offered(by=by, nonce=nonce, within=within):
                return FloorOffered(by=by, nonce=nonce, until=now + within)
            case message.Close():
                return Ended(code=received.code, message=received.message)
            case _:  # pragma: no cover - the table lets nothing else through
                raise OurViolation(f"{received} has no meaning here")

    def _acknowledged(self, ack: message.Ack, now: float) -> Acknowledged:
        sent_at = self._sent_at.pop(ack.of, None)
        if sent_at is None:
            raise TheirViolation(Fault.SEQUENCE, f"heartbeat {ack.of} was not sent, or acknowledged before")
        self._nonce = ack.nonce
        self._outbox.acknowledged(ack.of)
        return Acknowledged(round_trip=now - sent_at, taken=ack.taken, refused=ack.refused)

    def _beat(self, now: float) -> None:
        seq = self._seq
        limit = min(self._ready_says.samples_per_beat, self._limits.samples_per_beat)
        samples = self._outbox.take(seq, limit, now - self._limits.sample_age)
        self._send(message.Heartbeat(seq=seq, t=now, samples=samples, nonce=self._nonce))
        self._nonce = None
        self._sent_at[seq] = now
        # A backlog goes out at twice the pace, far below what the server bears.
        interval = self._ready_says.interval / (2 if self._outbox else 1)
        self._beat_due = max(self._beat_due + interval, now + interval / 2)

    def _attest(self, now: float) -> None:
        statement = self._chain.statement(self._session, self._connection, self._epoch)
        signature = base64url(self._sign(statement))
        self._send(message.Attest(seq=self._seq, count=self._chain.count, signature=signature))
        self._attest_due = now + self._ready_says.attest_every

    @property
    def _connection(self) -> str:
        return self._welcome.connection if self._welcome is not None else ""

    @property
    def _seq(self) -> int:
        if self._line is None:
            raise OurViolation("the channel is not open yet")
        return self._line.next_seq

    def _send(self, said: message.Message) -> None:
        if self._line is None:
            raise OurViolation("the channel is not open yet")
        self._standing.move(message.move_of(said))
        frame, payload = self._line.send(said)
        self._chain.add(payload)
        self._out.append(frame)


def _asked(challenge: message.Challenge, now: float) -> Challenged:
    return Challenged(
        challenge=challenge.id,
        deadline=now + challenge.within,
        gesture=challenge.gesture,
        then=challenge.then,
        digits=challenge.digits,
    )


def _told(duty: message.Duty, now: float) -> DutyTold:
    return DutyTold(
        on_shift=duty.on_shift,
        needs=duty.needs,
        en=duty.en,
        zh=duty.zh,
        ceremony=duty.ceremony,
        options=duty.options,
        until=None if duty.within is None else now + duty.within,
        verified_for=duty.verified_for,
        break_until=None if duty.break_for is None else now + duty.break_for,
        break_left=duty.break_left,
    )
