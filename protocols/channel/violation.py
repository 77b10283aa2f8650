"""What can go wrong on the channel, split into theirs and ours."""

from enum import StrEnum


class Fault(StrEnum):
    """What the other side did wrong; each ends its connection, none ends a session."""

    OVERSIZED = "oversized"
    NOT_TEXT = "not_text"
    MALFORMED = "malformed"
    REPEATED_NAME = "repeated_name"
    UNKNOWN_TYPE = "unknown_type"
    VERSION = "version"
    ILLEGAL = "illegal"
    BAD_KEY = "bad_key"
    BAD_SEAL = "bad_seal"
    BAD_SIGNATURE = "bad_signature"
    SEQUENCE = "sequence"
    NONCE = "nonce"
    RATE = "rate"
    TIMEOUT = "timeout"
    SILENT = "silent"
    UNATTESTED = "unattested"


class Closing(StrEnum):
    """Why a side that did nothing wrong is refused, or its connection closed."""

    NOT_ADMITTED = "not_admitted"
    TAKEN = "taken"
    CROWDED = "crowded"
    ELSEWHERE = "elsewhere"
    SUPERSEDED = "superseded"
    SESSION_OVER = "session_over"
    SHUTDOWN = "shutdown"
    UNAVAILABLE = "unavailable"
    BYE = "bye"


class ProtocolViolation(Exception):
    """Somebody left the protocol."""


class TheirViolation(ProtocolViolation):
    """The other side did; ``fault`` says how. The connection is closed, and what to tell them is queued."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class OurViolation(ProtocolViolation):
    """Our own side did: a mistake in the program that drives the machine, never caused by input."""
