"""Open Sound Control: what is read, what is refused."""

import struct

import pytest

from protocols.tracking.osc import Message, messages
from protocols.tracking.reading import PacketRefused
from tests.unit.protocols.tracking.packets import bundle, osc


def test_messages_of_all_kinds_are_read() -> None:
    packet = osc("/x", "sifdh", "naïve", -3, 0.5, 0.25, 1 << 40)
    assert list(messages(packet)) == [Message("/x", ("naïve", -3, 0.5, 0.25, 1 << 40))]
    flags = b"/y\0\0,TFNIb\0\0" + b"\0\0\0\5hello\0\0\0"
    assert list(messages(flags)) == [Message("/y", (True, False, None, None, b"hello"))]
    assert list(messages(b"/z\0\0")) == [Message("/z", ())]


def test_bundles_are_read_in_order_to_a_depth() -> None:
    nested = bundle(osc("/a"), bundle(osc("/b"), osc("/c")), osc("/d"))
    assert [message.address for message in messages(nested)] == ["/a", "/b", "/c", "/d"]
    deep = osc("/a")
    for _ in range(5):
        deep = bundle(deep)
    with pytest.raises(PacketRefused, match="deep"):
        list(messages(deep))


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "begins with"),
        (b"hello\0\0\0", "begins with"),
        (b"#bundle\0\0\0\0", "time tag"),
        (bundle(b""), "do not fit"),
        (bundle(b"abc"), "do not fit"),
        (bundle() + b"\0\0\0\x08/a\0\0", "do not fit"),
        (b"/endless", "without an end"),
        (b"/x\0\0f\0\0\0" + bytes(4), "type tag"),
        (b"/x\0\0," + b"f" * 80 + b"\0" * 3 + bytes(320), "too many"),
        (b"/x\0\0,f\0\0\0\0", "within an argument"),
        (b"/x\0\0,b\0\0\0\0", "within an argument"),
        (b"/x\0\0,b\0\0\0\0\0\x09abc", "within an argument"),
        (b"/x\0\0,r\0\0" + struct.pack(">I", 1), "kind 'r'"),
        (b"/\xff\0\0,\0\0\0", "UTF-8"),
    ],
)
def test_what_is_no_osc_is_refused(packet: bytes, why: str) -> None:
    with pytest.raises(PacketRefused, match=why):
        list(messages(packet))
