"""A client and a server on one scripted wire, with a clock that only the test moves."""

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.channel.client import ClientConnection
from protocols.channel.event import ClientEvent, FloorEvent
from protocols.channel.floor import Floor, Sharing
from protocols.channel.limits import Limits
from protocols.channel.outbox import Outbox
from protocols.channel.server import ServerConnection
from protocols.channel.violation import TheirViolation
from protocols.telemetry import TelemetryBatch

SESSION = "s-1"


def entropy(seed: str, length: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(length)


def device(operator: str = "ann") -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(entropy(f"device of {operator}", 32))


@dataclass
class Pair:
    """One operator's connection to a floor; the shells' work done by hand."""

    floor: Floor
    operator: str = "ann"
    key: Ed25519PrivateKey | None = None
    outbox: Outbox = field(default_factory=Outbox)
    limits: Limits = field(default_factory=Limits)
    now: float = 100.0
    skew: float = -40.0
    seed: str = "1"
    heard: list[ClientEvent] = field(default_factory=list)
    happened: list[FloorEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        key = self.key or device(self.operator)
        self.server = ServerConnection(
            entropy=entropy(f"server {self.operator} {self.seed}", 64), limits=self.limits, now=self.now
        )
        self.client = ClientConnection(
            session=SESSION,
            operator=self.operator,
            sign=key.sign,
            entropy=entropy(f"client {self.operator} {self.seed}", 48),
            outbox=self.outbox,
            limits=self.limits,
            now=self.now + self.skew,
        )

    def to_client(self) -> None:
        for data in self.server.data_to_send():
            self.heard += self.client.receive(data, self.now + self.skew)

    def to_server(self) -> None:
        for data in self.client.data_to_send():
            self.happened += self.floor.receive(self.server, self.operator, data, self.now)

    def exchange(self) -> None:
        for _ in range(3):
            self.to_client()
            self.to_server()

    def connect(self, device_key: bytes | None = None) -> "Pair":
        self.hello()
        enrolled = device(self.operator).public_key().public_bytes_raw() if device_key is None else device_key
        self.server.verify(enrolled)
        self.happened += self.floor.enter(self.server, self.operator, self.now)
        self.exchange()
        return self

    def hello(self) -> None:
        self.to_client()
        (hello,) = self.client.data_to_send()
        self.server.receive(hello, self.now)

    def until(self, end: float, step: float = 0.25) -> None:
        """Let time pass for both sides, all that is due being done and delivered."""
        while self.now < end:
            self.now = min(end, self.now + step)
            self.happened += self.floor.expire(self.now)
            try:
                self.client.expire(self.now + self.skew)
            except TheirViolation:
                return
            self.exchange()

    def of(self, kind: type) -> list:
        told = [one for event in [*self.happened, *self.heard] for one in opened(event)]
        return [one for one in told if isinstance(one, kind)]


def opened(event: object) -> tuple[object, ...]:
    """The samples of a batch one by one; anything else as it is."""
    return event.samples() if isinstance(event, TelemetryBatch) else (event,)


def floor(limits: Limits | None = None, sharing: Sharing = Sharing.STANDBY, *, break_budget: float = 0.0) -> Floor:
    return Floor(
        session=SESSION,
        epoch=3,
        zero=90.0,
        limits=limits or Limits(),
        sharing=sharing,
        break_budget=break_budget,
    )
