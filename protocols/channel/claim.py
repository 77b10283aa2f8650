"""The claim that a hello makes: who somebody says they are, and the signature that will prove it."""

from dataclasses import dataclass

from protocols.channel import VERSION
from protocols.channel.handshake import transcript, verify
from protocols.channel.message import Hello, Welcome, decode, kind_of
from protocols.channel.seal import signed
from protocols.channel.table import Move
from protocols.channel.violation import Fault, TheirViolation


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A hello as received, with the bytes that its signature must cover."""

    hello: Hello
    transcript: bytes
    signature: bytes

    def proven_by(self, device_key: bytes) -> bool:
        """Whether the device key (Ed25519, 32 bytes) has signed it."""
        return verify(device_key, self.signature, self.transcript)


def read(frame: bytes, welcome: Welcome) -> Claim:
    """Read the first message of an operator's side, in answer to ``welcome``. Raises TheirViolation."""
    signature, payload = signed(frame)
    if kind_of(payload) is not Move.HELLO:
        raise TheirViolation(Fault.ILLEGAL, "the first message is a hello")
    hello = decode(Hello, payload)
    if hello.version != VERSION:
        raise TheirViolation(Fault.VERSION, f"this side speaks {VERSION}")
    if hello.server_nonce != welcome.nonce:
        raise TheirViolation(Fault.NONCE, "the hello does not answer this welcome")
    return Claim(hello=hello, transcript=transcript(welcome, hello, payload), signature=signature)
