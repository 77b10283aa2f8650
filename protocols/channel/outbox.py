"""What the operator's side has not brought home yet. It outlives connections, so a resume loses nothing."""

from collections import deque

from protocols.channel.message import Samples
from protocols.channel.packing import pack
from protocols.telemetry import TelemetrySample

_SAMPLES = 2400
_CHALLENGES = 32


class Outbox:
    """Telemetry until it is acknowledged, answers until there is a receipt. Bounded: the newest telemetry wins."""

    def __init__(self) -> None:
        self._samples: deque[TelemetrySample] = deque()
        self._sent: dict[int, tuple[TelemetrySample, ...]] = {}
        self._nonces: dict[str, str] = {}
        self._answered: dict[str, str | None] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._samples)

    def offer(self, sample: TelemetrySample) -> None:
        """Take one sample; its ``at`` is on the operator's monotonic clock."""
        self._samples.append(sample)
        if len(self._samples) > _SAMPLES:
            self._samples.popleft()
            self.dropped += 1

    def take(self, seq: int, limit: int, oldest: float) -> Samples:
        """At most ``limit`` samples for heartbeat ``seq``, none older than ``oldest``: nobody would take those."""
        while self._samples and self._samples[0].at < oldest:
            self._samples.popleft()
            self.dropped += 1
        taken = tuple(self._samples.popleft() for _ in range(min(limit, len(self._samples))))
        self._sent[seq] = taken
        return pack(taken)

    def acknowledged(self, seq: int) -> None:
        """Heartbeat ``seq`` has arrived."""
        self._sent.pop(seq, None)

    def restart(self) -> None:
        """A new connection: what was sent and never acknowledged is to be sent again."""
        unsure = [sample for seq in sorted(self._sent) for sample in self._sent[seq]]
        self._samples.extendleft(reversed(unsure))
        self._sent.clear()

    def challenged(self, challenge: str, nonce: str) -> None:
        """A challenge has come (or come again)."""
        self._nonces[challenge] = nonce
        if len(self._nonces) > _CHALLENGES:
            forgotten = next(iter(self._nonces))
            self.receipted(forgotten)

    def answerable(self, challenge: str) -> bool:
        """Whether a challenge is known, and was not answered before."""
        return challenge in self._nonces and challenge not in self._answered

    def answer(self, challenge: str, typed: str | None = None) -> str:
        """Answer a challenge that is answerable, by what was ``typed`` if anything; the nonce to answer with."""
        self._answered[challenge] = typed
        return self._nonces[challenge]

    def receipted(self, challenge: str, *, again: bool = False) -> None:
        """The server has the answer; ``again``: it was mistyped, and may be typed again."""
        self._answered.pop(challenge, None)
        if not again:
            self._nonces.pop(challenge, None)

    @property
    def answers(self) -> tuple[tuple[str, str, str | None], ...]:
        """Challenge, nonce and what was typed of each answer without a receipt."""
        return tuple((challenge, self._nonces[challenge], typed) for challenge, typed in self._answered.items())
