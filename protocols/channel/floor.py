"""The floor of one session: who is connected, who drives, what is asked of them, and who has lapsed."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from protocols.channel.announced import Announced
from protocols.channel.challenge import Challenges, OpenChallenge
from protocols.channel.duty import ON_SHIFT, Duty
from protocols.channel.event import (
    AcceptReceived,
    AnswerReceived,
    AnswerRefused,
    Attested,
    AttestReceived,
    BreakReceived,
    ByeReceived,
    ChallengeExpired,
    DriverChanged,
    FloorEvent,
    HeartbeatReceived,
    HelloReceived,
    OfferReceived,
    Outcome,
    PerformReceived,
    ServerEvent,
    ShiftAsserted,
    ShiftReceived,
    Violated,
)
from protocols.channel.handover import OFFERED_FOR, HandoverRefused, Handovers
from protocols.channel.limits import Limits
from protocols.channel.notice import Notice
from protocols.channel.seat import Seat
from protocols.channel.server import ServerConnection
from protocols.channel.violation import Closing, TheirViolation
from protocols.observation import Asked, ChallengeAnswered, ChallengeAsked, Rest


class Sharing(StrEnum):
    """What happens to a second operator of the roster who comes while another is there."""

    STANDBY = "standby"
    REFUSE = "refuse"


class Floor:
    """One session's operators.

    ``zero`` is the session's zero on the monotonic clock, ``epoch`` fences it. Each call returns what happened, in
    order; after each call the connections may have something to send.
    """

    def __init__(
        self,
        *,
        session: str,
        epoch: int,
        zero: float,
        limits: Limits,
        sharing: Sharing = Sharing.STANDBY,
        break_budget: float = 0.0,
        performance_budget: float = 0.0,
    ) -> None:
        self.session = session
        self.epoch = epoch
        self.driver: str | None = None
        self._zero = zero
        self._limits = limits
        self._sharing = sharing
        self._seats: dict[str, Seat] = {}
        self._challenges = Challenges(limits)
        self._notices: dict[str, Notice] = {}
        self._announcements = Announced(break_budget, performance_budget)
        self._handovers = Handovers(session, epoch)

    @property
    def connections(self) -> tuple[ServerConnection, ...]:
        """The connections of those who are in."""
        return tuple(seat.connection for seat in self._seats.values() if seat.connection is not None)

    @property
    def empty(self) -> bool:
        """Whether nobody is there, nobody can still resume, and nothing is asked."""
        return not (self.connections or self._present() or self._challenges.open)

    def holds(self, operator: str) -> bool:
        """Whether the operator is there, driving or standing by."""
        return operator in self._present()

    def enter(self, connection: ServerConnection, operator: str, now: float, duty: Duty = ON_SHIFT) -> list[FloorEvent]:
        """Let in a connection whose signature has been verified.

        An older connection of the same operator is closed; a second operator is refused where ``sharing`` says so.
        Who is not on shift is told so, beats, and counts for nothing until ``begin_shift``. Raises TheirViolation
        where no keys can be made with what the hello has brought.
        """
        if self._sharing is Sharing.REFUSE and set(self._present()) - {operator}:
            connection.close(Closing.TAKEN, "another operator is connected to this session")
            return []
        seat = self._seats.get(operator)
        if not duty.on_shift and seat is not None and seat.on_shift and seat.attendance.present:
            connection.close(Closing.ELSEWHERE, "another device of yours is on shift here: leave on that one first")
            return []
        driving = duty.on_shift and self.driver in {None, operator}
        connection.open(epoch=self.epoch, driving=driving, resumed=seat is not None, now=now)
        events = self._seated(connection, operator, now, duty)
        if driving and self.driver is None:
            self.driver = operator
            events.append(DriverChanged(at=now - self._zero, operator=operator))
        told = self._with_break(duty, now)
        if told != ON_SHIFT:
            connection.duty(told)
        self._remind(connection, now, driving=driving)
        return events

    def begin_shift(self, operator: str, now: float, duty: Duty = ON_SHIFT) -> list[FloorEvent]:
        """The shift of an operator who is connected begins: from now on they are there, and may drive."""
        seat = self._seats.get(operator)
        if seat is None or seat.on_shift or seat.connection is None:
            return []
        seat.on_shift = True
        seat.attendance.beat(now)
        seat.connection.duty(self._with_break(duty, now))
        return [seat.presence(now, connected=True, cause="the shift begins"), *self._settle(now)]

    def tell(self, operator: str, duty: Duty) -> None:
        """Tell an operator who is connected how they stand; it changes nothing."""
        seat = self._seats.get(operator)
        if seat is not None and seat.connection is not None:
            seat.connection.duty(duty)

    def dismiss(self, operator: str, code: str, text: str, now: float) -> list[FloorEvent]:
        """Send one operator away: they are there no more."""
        seat = self._seats.get(operator)
        if seat is None or seat.connection is None:
            return []
        seat.connection.close(code, text)
        return [*seat.leave(now, text), *self._settle(now)]

    def receive(self, connection: ServerConnection, operator: str, data: str | bytes, now: float) -> list[FloorEvent]:
        """Take one message of a connection that is in."""
        try:
            heard = connection.receive(data, now)
        except TheirViolation as violation:
            return self._violated(connection, operator, violation, now)
        return [made for event in heard for made in self._heard(connection, self._seats[operator], event, now)]

    def lost(self, connection: ServerConnection, operator: str) -> None:
        """The transport of a connection is gone; the operator lapses unless another takes its place in time."""
        connection.lost()
        if operator in self._seats:
            self._seats[operator].vacate(connection, "the connection is down")

    def ask(self, asked: Asked, nonce: str, now: float, *, routine: bool = False) -> str | None:
        """Open a challenge; the driving operator, if one could be asked at once. Others are when they come to drive.

        Nobody is asked in a break, nor for a routine challenge in a segment that was announced.
        """
        if not self._announcements.asks(now, routine=routine):
            return None
        challenge = _opened(asked, self._zero + asked.at + asked.within, nonce)
        self._challenges.ask(challenge)
        driving = self._driving()
        if driving is None:
            return None
        driving.ask(challenge, now)
        return self.driver

    def tell_apart(self, notice: Notice, operator: str) -> bool:
        """Tell one operator alone; whether they are connected."""
        connection = self._seats[operator].connection if operator in self._seats else None
        if connection is None:
            return False
        connection.notify(notice, None)
        return True

    def notify(self, notice: Notice, now: float) -> None:
        """Tell everybody who is connected; a notice with a time is told again to those who resume before it."""
        if notice.until is not None:
            self._notices.pop(notice.code, None)
            self._notices[notice.code] = notice
            if len(self._notices) > self._limits.notices:
                del self._notices[next(iter(self._notices))]
        for connection in self.connections:
            connection.notify(notice, self._within(notice, now))

    def close(self, code: str, text: str) -> None:
        """The session is over for its operators."""
        for connection in self.connections:
            connection.close(code, text)
        self._seats.clear()
        self._challenges = Challenges(self._limits)

    def next_deadline(self) -> float | None:
        """When ``expire`` has something to find."""
        deadlines = [self._challenges.next_deadline(), self._announcements.breaks.until]
        deadlines += [seat.attendance.next_deadline() for seat in self._seats.values()]
        deadlines += [connection.next_deadline() for connection in self.connections]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def expire(self, now: float) -> list[FloorEvent]:
        """Find lapses, challenges that nobody has answered, and connections that do not do what they must."""
        at = now - self._zero
        events: list[FloorEvent] = [ChallengeExpired(at=at, challenge=id_) for id_ in self._challenges.expire(now)]
        if self._announcements.breaks.expire(now):
            self._tell_break(now)
        for seat in self._seats.values():
            events += seat.lapse(now)
            events += self._overdue(seat, now)
        return events + self._settle(now)

    def _heard(self, connection: ServerConnection, seat: Seat, event: ServerEvent, now: float) -> list[FloorEvent]:
        match event:
            case HeartbeatReceived():
                returned = seat.alive(now)
                if returned:
                    returned += self._settle(now)
                return [*returned, *seat.heartbeat(connection, event, now, driving=self.driver == seat.operator)]
            case AnswerReceived():
                return [self._answer(connection, seat.operator, event, now)]
            case AttestReceived():
                return [self._attested(connection, seat.operator, event, now)]
            case ShiftReceived(ceremony=ceremony, credential=credential):
                at, operator = now - self._zero, seat.operator
                return [ShiftAsserted(at=at, operator=operator, ceremony=ceremony, credential=credential)]
            case BreakReceived() | PerformReceived():
                return self._announced(connection, seat, event, now)
            case OfferReceived() | AcceptReceived():
                return self._handover(connection, seat.operator, event, now)
            case ByeReceived():
                return [*seat.leave(now), *self._settle(now)]
            case HelloReceived():  # pragma: no cover - the table has no second hello
                return []
            case _:  # pragma: no cover
                assert_never(event)

    def _answer(self, connection: ServerConnection, operator: str, answer: AnswerReceived, now: float) -> FloorEvent:
        outcome = Outcome.NOT_DRIVING
        if self.driver == operator:
            outcome = self._challenges.answer(answer.challenge, answer.nonce, now, answer.typed)
        connection.receipt(answer.challenge, outcome)
        at = now - self._zero
        if outcome is Outcome.ACCEPTED:
            return ChallengeAnswered(at=at, challenge=answer.challenge)
        return AnswerRefused(at=at, operator=operator, challenge=answer.challenge, outcome=outcome)

    def _announced(
        self, connection: ServerConnection, seat: Seat, event: BreakReceived | PerformReceived, now: float
    ) -> list[FloorEvent]:
        """Begin or end a break or a segment; only who is on shift may."""
        if not seat.on_shift:
            return []
        if isinstance(event, BreakReceived):
            return self._rest(connection, seat, event.seconds, now)
        told = self._announcements.perform(event.seconds, now)
        if told is not None:
            connection.notify(*told)
        return []

    def _rest(self, connection: ServerConnection, seat: Seat, seconds: float, now: float) -> list[FloorEvent]:
        """Begin or end a break; everybody on shift is told."""
        breaks, at = self._announcements.breaks, now - self._zero
        until = breaks.begin(seconds, now) if seconds > 0 else now
        if until is None:
            connection.duty(self._announcements.duty(now, "No break is left this hour.", "本小时已无可用休息时间。"))
            return []
        if seconds <= 0 and not breaks.end(now):
            return []
        self._tell_break(now)
        return [Rest(at=at, operator=seat.operator, until=until - self._zero)]

    def _tell_break(self, now: float) -> None:
        for seat in self._seats.values():
            if seat.on_shift and seat.connection is not None:
                seat.connection.duty(self._announcements.duty(now))

    def _with_break(self, duty: Duty, now: float) -> Duty:
        """The duty of somebody on shift with what breaks there are, where the session has any."""
        if not duty.on_shift or not self._announcements.breaks.budget:
            return duty
        until = self._announcements.breaks.until
        break_for = None if until is None else max(0.0, until - now)
        return replace(duty, break_for=break_for, break_left=self._announcements.breaks.left(now))

    def _handover(
        self, connection: ServerConnection, operator: str, event: OfferReceived | AcceptReceived, now: float
    ) -> list[FloorEvent]:
        """Pass an offer on, or hand over in one step: at no moment does nobody drive, and at none do two."""
        try:
            if isinstance(event, OfferReceived):
                self._offered(connection, operator, event, now)
                return []
            key, at = connection.device_key, now - self._zero
            handed = self._handovers.accept(operator, event, key, self.driver, now, at)
        except HandoverRefused as refused:
            connection.duty(self._announcements.duty(now, refused.en, refused.zh))
            return []
        return [handed, *self._drive(operator, now)]

    def _offered(self, connection: ServerConnection, giver: str, offer: OfferReceived, now: float) -> None:
        taker = self._seats[offer.to].connection if offer.to in self._present() else None
        if self.driver != giver or giver == offer.to or taker is None:
            raise HandoverRefused("That operator is not there to take over from you.", "对方不在线，无法交接。")
        self._handovers.offer(giver, offer, connection.device_key, now)
        taker.offered(giver, offer.nonce, OFFERED_FOR)

    def _attested(self, connection: ServerConnection, operator: str, attest: AttestReceived, now: float) -> FloorEvent:
        return Attested(
            at=now - self._zero,
            operator=operator,
            connection=connection.id,
            count=attest.count,
            statement=attest.statement,
            signature=attest.signature,
        )

    def _overdue(self, seat: Seat, now: float) -> list[FloorEvent]:
        connection = seat.connection
        if connection is None:
            return []
        try:
            connection.expire(now)
        except TheirViolation as violation:
            return self._violated(connection, seat.operator, violation, now)
        return []

    def _violated(
        self, connection: ServerConnection, operator: str, violation: TheirViolation, now: float
    ) -> list[FloorEvent]:
        self._seats[operator].vacate(connection, f"the connection broke the protocol: {violation.fault}")
        at = now - self._zero
        return [Violated(at=at, operator=operator, fault=violation.fault, message=str(violation))]

    def _settle(self, now: float) -> list[FloorEvent]:
        """Give the floor to the first who is there, if whoever drove is not."""
        present = self._present()
        if self.driver in present or (self.driver is None and not present):
            return []
        return self._drive(present[0] if present else None, now)

    def _drive(self, operator: str | None, now: float) -> list[FloorEvent]:
        """Let ``operator`` drive from now on, in place of whoever did."""
        before = self._driving()
        if before is not None:
            before.floor(driving=False)
        self.driver = operator
        driving = self._driving()
        if driving is not None:
            driving.floor(driving=True)
            for challenge in self._challenges.open:
                driving.ask(challenge, now)
        return [DriverChanged(at=now - self._zero, operator=self.driver)]

    def _seated(self, connection: ServerConnection, operator: str, now: float, duty: Duty) -> list[FloorEvent]:
        """Give the operator's seat to a connection, in place of the one that has it."""
        there: Sequence[FloorEvent]
        seat = self._seats.get(operator)
        if seat is None:
            seat = Seat.taken(operator, self._limits, self._zero, now, on_shift=duty.on_shift)
            self._seats[operator] = seat
            there = [seat.presence(now, connected=True, cause="hello")] if seat.on_shift else []
        elif duty.on_shift and not seat.on_shift:
            seat.on_shift = True
            seat.attendance.beat(now)
            there = [seat.presence(now, connected=True, cause="the shift begins")]
        else:
            seat.on_shift = duty.on_shift
            there = seat.alive(now)
        if seat.connection is not None:
            seat.connection.close(Closing.SUPERSEDED, "a newer connection of this operator has taken over")
        seat.connection = connection
        return list(there)

    def _remind(self, connection: ServerConnection, now: float, *, driving: bool) -> None:
        for challenge in self._challenges.open if driving else ():
            connection.ask(challenge, now)
        for notice in self._notices.values():
            within = self._within(notice, now)
            if within:
                connection.notify(notice, within)

    def _present(self) -> list[str]:
        return [seat.operator for seat in self._seats.values() if seat.on_shift and seat.attendance.present]

    def _driving(self) -> ServerConnection | None:
        return self._seats[self.driver].connection if self.driver in self._seats else None

    def _within(self, notice: Notice, now: float) -> float | None:
        return None if notice.until is None else max(0.0, self._zero + notice.until - now)


def _opened(asked: Asked, deadline: float, nonce: str) -> OpenChallenge:
    if isinstance(asked, ChallengeAsked):
        gesture, then = asked.gesture, asked.then
        return OpenChallenge(id=asked.challenge, deadline=deadline, nonce=nonce, gesture=gesture, then=then)
    return OpenChallenge(id=asked.challenge, deadline=deadline, nonce=nonce, digits=asked.digits)
