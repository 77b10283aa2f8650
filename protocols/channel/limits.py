"""What the operator channel allows: sizes, rates and times, as one value that the policy of a service may set."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the channel. Times in seconds, sizes in bytes, rates in messages per second.

    A heartbeat is due every ``interval``; nothing heard for ``patience`` intervals is a lapse, so that a lapse is
    found 1.5 intervals after the first heartbeat that did not come.
    """

    frame_bytes: int = 65_536
    rate: float = 20.0
    burst: float = 40.0
    hello_within: float = 5.0
    interval: float = 1.0
    patience: float = 2.5
    silent_after: float = 10.0
    nonce_ttl: float = 10.0
    samples_per_beat: int = 120
    sample_age: float = 10.0
    sample_future: float = 0.25
    clock_jump: float = 2.0
    clock_beats: int = 5
    clock_forgetting: float = 0.0005
    attest_every: float = 30.0
    attest_grace: float = 15.0
    challenges: int = 8
    tries: int = 5
    notices: int = 16
    connections_per_credential: int = 2
    sessions_per_operator: int = 1
    sockets_per_address: int = 10
