"""The two state machines of the channel as tables: states x moves → states. What is not in the table is illegal."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from protocols.channel.violation import Fault, OurViolation, TheirViolation


class ServerState(StrEnum):
    """Where one connection stands, seen from the server."""

    GREETING = "greeting"
    CLAIMED = "claimed"
    VERIFIED = "verified"
    OPEN = "open"
    CLOSED = "closed"


class ClientState(StrEnum):
    """Where one connection stands, seen from the operator's side."""

    WAITING = "waiting"
    CLAIMING = "claiming"
    OPEN = "open"
    CLOSED = "closed"


class Move(StrEnum):
    """What moves a connection: a message by its type, or one of the four things that are no message."""

    HELLO = "hello"
    HEARTBEAT = "heartbeat"
    ANSWER = "answer"
    ATTEST = "attest"
    SHIFT = "shift"
    BREAK = "break"
    BACK = "back"
    PERFORM = "perform"
    OFFER = "offer"
    ACCEPT = "accept"
    BYE = "bye"
    WELCOME = "welcome"
    REFUSED = "refused"
    READY = "ready"
    ACK = "ack"
    CHALLENGE = "challenge"
    RECEIPT = "receipt"
    NOTICE = "notice"
    FLOOR = "floor"
    DUTY = "duty"
    OFFERED = "offered"
    CLOSE = "close"
    VERIFIES = "signature verifies"
    VIOLATION = "violation"
    DEADLINE = "deadline"
    LOST = "transport lost"


FROM_CLIENT = frozenset(
    {
        Move.HELLO,
        Move.HEARTBEAT,
        Move.ANSWER,
        Move.ATTEST,
        Move.SHIFT,
        Move.BREAK,
        Move.BACK,
        Move.PERFORM,
        Move.OFFER,
        Move.ACCEPT,
        Move.BYE,
    }
)
"""Messages that the operator's side sends."""
FROM_SERVER = frozenset(
    {
        Move.WELCOME,
        Move.REFUSED,
        Move.READY,
        Move.ACK,
        Move.CHALLENGE,
        Move.RECEIPT,
        Move.NOTICE,
        Move.FLOOR,
        Move.DUTY,
        Move.OFFERED,
        Move.CLOSE,
    }
)
"""Messages that the server sends."""

S = TypeVar("S", ServerState, ClientState)
Table = Mapping[S, Mapping[Move, S]]

_TROUBLE = (Move.VIOLATION, Move.DEADLINE, Move.LOST)


def _ends(*moves: Move) -> dict[Move, ServerState]:
    return dict.fromkeys((*moves, *_TROUBLE), ServerState.CLOSED)


def _ends_client(*moves: Move) -> dict[Move, ClientState]:
    return dict.fromkeys((*moves, *_TROUBLE), ClientState.CLOSED)


_TALK = (
    Move.HEARTBEAT,
    Move.ANSWER,
    Move.ATTEST,
    Move.SHIFT,
    Move.BREAK,
    Move.BACK,
    Move.PERFORM,
    Move.OFFER,
    Move.ACCEPT,
    Move.ACK,
    Move.CHALLENGE,
    Move.RECEIPT,
    Move.NOTICE,
    Move.FLOOR,
    Move.DUTY,
    Move.OFFERED,
)

SERVER: Table[ServerState] = {
    ServerState.GREETING: {Move.HELLO: ServerState.CLAIMED, **_ends(Move.REFUSED)},
    ServerState.CLAIMED: {Move.VERIFIES: ServerState.VERIFIED, **_ends(Move.REFUSED)},
    ServerState.VERIFIED: {Move.READY: ServerState.OPEN, **_ends(Move.REFUSED)},
    ServerState.OPEN: {**dict.fromkeys(_TALK, ServerState.OPEN), **_ends(Move.BYE, Move.CLOSE)},
    ServerState.CLOSED: {},
}
CLIENT: Table[ClientState] = {
    ClientState.WAITING: {Move.WELCOME: ClientState.CLAIMING, **_ends_client(Move.REFUSED)},
    ClientState.CLAIMING: {Move.READY: ClientState.OPEN, **_ends_client(Move.REFUSED)},
    ClientState.OPEN: {**dict.fromkeys(_TALK, ClientState.OPEN), **_ends_client(Move.BYE, Move.CLOSE)},
    ClientState.CLOSED: {},
}


class Standing(Generic[S]):
    """A state and the table that it moves by."""

    def __init__(self, table: Table[S], start: S, theirs: frozenset[Move]) -> None:
        self._table: Table[S] = table
        self._theirs = theirs
        self.state: S = start

    def allows(self, move: Move) -> bool:
        """Whether ``move`` is legal now."""
        return move in self._table[self.state]

    def move(self, move: Move) -> None:
        """Make ``move``. Raises TheirViolation or OurViolation, by whose move it is, where the table has none."""
        following = self._table[self.state].get(move)
        if following is not None:
            self.state = following
        elif move in self._theirs:
            raise TheirViolation(Fault.ILLEGAL, f"'{move}' has no place while the connection is {self.state}")
        else:
            raise OurViolation(f"'{move}' has no place while the connection is {self.state}")
