"""Two operators, one floor, and a wire that loses, repeats, reorders, changes and replays whatever it likes.

Whatever happens, each message has one clear outcome, no exception is raised that is not the protocol's own, and the
floor tells nothing that did not happen.
"""

from hypothesis import HealthCheck, settings
from hypothesis import event as happened
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocols.channel.client import ClientConnection
from protocols.channel.event import (
    Attested,
    Challenged,
    ChallengeExpired,
    ClockJumped,
    DriverChanged,
    FloorEvent,
    Violated,
)
from protocols.channel.floor import Floor
from protocols.channel.limits import Limits
from protocols.channel.outbox import Outbox
from protocols.channel.server import ServerConnection
from protocols.channel.table import ClientState, ServerState
from protocols.channel.violation import TheirViolation
from protocols.gesture import Gesture
from protocols.observation import ChallengeAnswered, ChallengeAsked, Presence
from protocols.telemetry import TelemetryBatch, TelemetrySample
from tests.unit.protocols.channel.pair import SESSION, device, entropy

ZERO = 900.0
NAMES = st.sampled_from(["ann", "bob"])
PLACES = st.integers(0, 5)


class Studio:
    """One operator's machine: its clock, its outbox, and the two directions of its wire."""

    def __init__(self, name: str, skew: float) -> None:
        self.name = name
        self.skew = skew
        self.outbox = Outbox()
        self.client: ClientConnection | None = None
        self.server: ServerConnection | None = None
        self.up: list[str] = []
        self.down: list[str] = []
        self.entered = False
        self.touched = False
        self.asked: set[str] = set()


class HostileWire(RuleBasedStateMachine):
    """The rules are what may happen; the invariants are what must hold after each of them."""

    @initialize(skews=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)))
    def start(self, skews: tuple[float, float]) -> None:
        self.limits = Limits()
        self.now = 1000.0
        self.count = self.offered = 0
        self.floor = Floor(session=SESSION, epoch=1, zero=ZERO, limits=self.limits)
        self.studios = {name: Studio(name, skew) for name, skew in zip(("ann", "bob"), skews, strict=True)}
        self.told: list[FloorEvent] = []
        self.answered: set[str] = set()
        self.challenges: set[str] = set()
        self.seen: list[str] = []

    # What may happen -------------------------------------------------------------------------------------------

    @rule(name=NAMES)
    def connect(self, name: str) -> None:
        studio = self.studios[name]
        self.count += 1
        if studio.client is not None:
            studio.client.lost()
        studio.up, studio.down, studio.entered, studio.touched = [], [], False, False
        studio.server = ServerConnection(entropy=entropy(f"s{self.count}", 64), limits=self.limits, now=self.now)
        studio.client = ClientConnection(
            session=SESSION,
            operator=name,
            sign=device(name).sign,
            entropy=entropy(f"c{self.count}", 48),
            outbox=studio.outbox,
            limits=self.limits,
            now=self.now + studio.skew,
        )

    @rule(name=NAMES, times=st.integers(1, 6))
    def deliver(self, name: str, times: int) -> None:
        studio = self.studios[name]
        for _ in range(times if studio.client is not None else 0):
            self.drain(studio)
            if studio.down:
                self.to_client(studio, studio.down.pop(0))
            if studio.up:
                self.to_server(studio, studio.up.pop(0))
            self.drain(studio)

    @rule(seconds=st.floats(0.01, 6.0))
    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.5)
            self.tell(self.floor.expire(self.now))
            for studio in self.studios.values():
                self.tick(studio)

    @rule(name=NAMES, ahead=st.floats(-20.0, 2.0))
    def move(self, name: str, ahead: float) -> None:
        studio = self.studios[name]
        self.offered += 1
        studio.outbox.offer(TelemetrySample(at=self.now + studio.skew + ahead, yaw=1.0))

    @rule(name=NAMES, by=st.floats(-1e5, 1e5))
    def jump(self, name: str, by: float) -> None:
        self.studios[name].skew += by

    @rule(within=st.floats(0.1, 20.0))
    def ask(self, within: float) -> None:
        self.count += 1
        challenge = f"ch-{self.count}"
        if len(self.floor._challenges.open) < self.limits.challenges:
            self.challenges.add(challenge)
            asked = ChallengeAsked(at=self.now - ZERO, challenge=challenge, gesture=Gesture.NOD, within=within)
            self.floor.ask(asked, "n" * 22, self.now)

    @rule(name=NAMES)
    def answer(self, name: str) -> None:
        studio = self.studios[name]
        for challenge in sorted(studio.asked):
            if studio.client is not None and studio.outbox.answerable(challenge):
                self.answered.add(challenge)
                studio.client.answer(challenge)

    @rule(name=NAMES)
    def leave(self, name: str) -> None:
        studio = self.studios[name]
        if studio.client is not None:
            studio.client.bye(self.now + studio.skew)

    @rule(name=NAMES)
    def tear(self, name: str) -> None:
        studio = self.studios[name]
        if studio.server is not None and studio.client is not None:
            studio.client.lost()
            self.floor.lost(studio.server, name)

    @rule(name=NAMES, seconds=st.floats(0.5, 12.0))
    def work(self, name: str, seconds: float) -> None:
        """Honest work: connect if need be, and let everything arrive that is sent."""
        studio = self.studios[name]
        if studio.client is None or studio.client.state is ClientState.CLOSED:
            self.connect(name)
        end = self.now + seconds
        while self.now < end:
            self.move(name, -0.1)
            self.wait(0.5)
            for each in self.studios:
                self.deliver(each, 4)

    # What the wire may do to messages ------------------------------------------------------------------------------

    @rule(
        name=NAMES,
        up=st.booleans(),
        how=st.sampled_from(["lose", "repeat", "reorder", "change", "replay", "inject"]),
        place=PLACES,
        where=st.integers(0, 400),
        noise=st.text(max_size=80) | st.just("x" * 70_000),
        then=st.booleans(),
    )
    def disturb(self, name: str, up: bool, how: str, place: int, where: int, noise: str, then: bool) -> None:
        self.wait(1.1)
        self.answer(name)
        self.spoil(self.wire(name, up), how, place, where, noise)
        if then:
            self.deliver(name, 6)

    def spoil(self, wire: list[str], how: str, place: int, where: int, noise: str) -> None:
        one = wire[place % len(wire)] if wire else ""
        if how == "inject":
            wire.append(noise)
        elif how == "replay":
            wire += self.seen[where % len(self.seen) :][:1] if self.seen else []
        elif how == "lose" and wire:
            wire.remove(one)
        elif how == "repeat" and wire:
            wire.insert(where % (len(wire) + 1), one)
        elif how == "reorder":
            wire.reverse()
        elif one:
            at = where % len(one)
            wire[place % len(wire)] = one[:at] + noise[:1] + one[at + 1 :]

    # What must hold --------------------------------------------------------------------------------------------------

    @invariant()
    def presence_comes_and_goes_in_turn(self) -> None:
        for name in self.studios:
            turns = [p.connected for p in self.told if isinstance(p, Presence) and p.operator == name]
            assert turns == [number % 2 == 0 for number in range(len(turns))]

    @invariant()
    def who_drives_is_there(self) -> None:
        changes = [change.operator for change in self.told if isinstance(change, DriverChanged)]
        assert (changes[-1] if changes else None) == self.floor.driver
        there = {name for name in self.studios if self.present(name)}
        assert self.floor.driver in there if there else self.floor.driver is None

    @invariant()
    def every_challenge_ends_at_most_once_and_no_answer_is_made_up(self) -> None:
        answered = [event.challenge for event in self.told if isinstance(event, ChallengeAnswered)]
        expired = [event.challenge for event in self.told if isinstance(event, ChallengeExpired)]
        assert len(answered + expired) == len(set(answered + expired))
        assert set(answered) <= self.answered
        assert set(answered + expired) <= self.challenges

    @invariant()
    def samples_are_never_from_the_future_nor_twice(self) -> None:
        samples = [sample for event in self.told if isinstance(event, TelemetryBatch) for sample in event.samples()]
        assert all(sample.at <= self.now - ZERO + self.limits.sample_future for sample in samples)
        jumped = any(isinstance(event, ClockJumped) for event in self.told)
        assert jumped or len(samples) <= self.offered

    @invariant()
    def a_lapse_is_found_when_it_is_due(self) -> None:
        deadline = self.floor.next_deadline()
        assert deadline is None or deadline > self.now - 0.5

    @invariant()
    def signatures_hold(self) -> None:
        for event in self.told:
            if isinstance(event, Attested):
                device(event.operator).public_key().verify(event.signature, event.statement)

    def teardown(self) -> None:
        for kind in {type(told).__name__ for told in self.told}:
            happened(kind)
        for fault in {told.fault for told in self.told if isinstance(told, Violated)}:
            happened(f"Violated {fault}")

    # The shells' work ------------------------------------------------------------------------------------------------

    def tell(self, events: list[FloorEvent]) -> None:
        self.told += events

    def present(self, name: str) -> bool:
        turns = [p.connected for p in self.told if isinstance(p, Presence) and p.operator == name]
        return bool(turns) and turns[-1]

    def wire(self, name: str, up: bool) -> list[str]:
        studio = self.studios[name]
        self.drain(studio)
        return studio.up if up else studio.down

    def drain(self, studio: Studio) -> None:
        if studio.client is None or studio.server is None:
            return
        up, down = studio.client.data_to_send(), studio.server.data_to_send()
        studio.up += up
        studio.down += down
        self.seen = (self.seen + up + down)[-400:]

    def to_client(self, studio: Studio, data: str) -> None:
        assert studio.client is not None
        try:
            events = studio.client.receive(data, self.now + studio.skew)
        except TheirViolation:
            assert studio.client.state is ClientState.CLOSED
            return
        studio.asked |= {event.challenge for event in events if isinstance(event, Challenged)}

    def to_server(self, studio: Studio, data: str) -> None:
        assert studio.server is not None
        if studio.entered:
            closed = studio.server.state is ServerState.CLOSED
            events = self.floor.receive(studio.server, studio.name, data, self.now)
            assert not (closed and events)
            if any(isinstance(event, Violated) for event in events):
                assert studio.server.state is ServerState.CLOSED
            self.tell(events)
            return
        try:
            if studio.server.receive(data, self.now):
                studio.server.verify(device(studio.name).public_key().public_bytes_raw())
                self.tell(self.floor.enter(studio.server, studio.name, self.now))
                studio.entered = True
        except TheirViolation:
            assert studio.server.state is ServerState.CLOSED

    def tick(self, studio: Studio) -> None:
        if studio.client is None or studio.server is None:
            return
        try:
            studio.client.expire(self.now + studio.skew)
            if not studio.entered:
                studio.server.expire(self.now)
        except TheirViolation:
            pass
        self.drain(studio)


HostileWire.TestCase.settings = settings(
    max_examples=170,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestHostileWire = HostileWire.TestCase
