"""``python -m tests.bench.fuzz_messages [COUNT]``: spoiled messages to the channel and to the trackers' decoders.

Each is refused with the one error that it may be refused with, or read; memory must not grow. The unit tests run a few
thousand, this a million in some minutes.
"""

import random
import resource
import sys
from collections import Counter
from contextlib import suppress

from protocols.channel import message
from protocols.channel.message import (
    Answer,
    Attest,
    Break,
    Challenge,
    Duty,
    Heartbeat,
    Notice,
    Offer,
    Perform,
    Receipt,
    Samples,
    Shift,
)
from protocols.channel.packing import pack, unpack
from protocols.channel.seal import Seal
from protocols.channel.violation import TheirViolation
from protocols.gesture import Gesture
from protocols.telemetry import TelemetrySample
from protocols.tracking.reading import Decoder, PacketRefused
from protocols.tracking.tracker import Tracker, decoder

KEY = bytes(range(32))
SEAL = Seal(KEY)
GOOD = (
    Heartbeat(seq=1, t=2.0, nonce="n" * 22, samples=pack([TelemetrySample(at=1.0, yaw=2.0, smile=0.5)] * 3)),
    Answer(seq=2, id="ch-1", nonce="n" * 22),
    Answer(seq=2, id="ch-2", nonce="n" * 22, typed="0472"),
    Challenge(seq=5, id="ch-1", within=6.0, nonce="n" * 22, gesture=Gesture.NOD, then=(Gesture.LOOK_LEFT,)),
    Challenge(seq=6, id="ch-2", within=30.0, nonce="n" * 22, digits="0472"),
    Receipt(seq=7, id="ch-2", outcome="wrong_digits"),
    Duty(seq=8, on_shift=False, needs="passkey", en="e", zh="值", ceremony="cer_1", options="{}", within=9.0),
    Shift(seq=9, ceremony="cer_1", credential='{"id":"x"}'),
    Break(seq=10, seconds=60.0),
    Perform(seq=11, seconds=0.0),
    Offer(seq=12, to="op_2", nonce="n" * 22, signature="s" * 86),
    Attest(seq=3, count=2, signature="s" * 86),
    Notice(seq=4, level="info", code="c", en="Look: there", zh="看", within=3.0),
)
FRAMES = tuple(SEAL.close(one)[0].encode() for one in GOOD)


def spoiled(dice: random.Random, packet: bytes) -> bytes:
    """The packet with some bytes changed, cut out or put in; sometimes noise in its place."""
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(300))
    changed = bytearray(packet)
    for _ in range(dice.randrange(6)):
        at = dice.randrange(len(changed) + 1)
        changed[at : at + dice.randrange(4)] = dice.randbytes(dice.randrange(4))
    return bytes(changed)


def fuzz(count: int, seed: int = 1) -> Counter[str]:
    """What became of ``count`` messages of each kind of reading."""
    dice, outcomes = random.Random(seed), Counter[str]()
    trackers: list[Decoder] = [one for tracker in Tracker if (one := decoder(tracker)) is not None]
    for number in range(count):
        packet = spoiled(dice, dice.choice(FRAMES))
        outcomes["frame refused"] += 1
        with suppress(TheirViolation):
            SEAL.open(packet)
            outcomes["frame refused"] -= 1
            outcomes["frame opened"] += 1
        outcomes["payload refused"] += 1
        with suppress(TheirViolation):
            # Past the seal, as from somebody who has the key.
            payload = spoiled(dice, message.encode(dice.choice(GOOD)))
            read = message.decode(message.TYPES[message.kind_of(payload)], payload)
            if isinstance(read, Heartbeat):
                unpack(read.samples)
            outcomes["payload refused"] -= 1
            outcomes["payload read"] += 1
        with suppress(TheirViolation):
            unpack(Samples(channels=["yaw", "smile"], values=dice.randbytes(dice.randrange(60))))
        with suppress(PacketRefused):
            trackers[number % len(trackers)].read(packet, float(number))
    return outcomes


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    warm = fuzz(asked // 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        dict(fuzz(asked, seed=2)), f"memory grew by {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before} KiB"
    )
