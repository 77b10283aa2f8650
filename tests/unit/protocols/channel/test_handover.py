"""A handover: both sign, and the floor goes from one to the other in one step."""

import pytest

from protocols.channel.event import (
    AcceptReceived,
    DriverChanged,
    DutyTold,
    FloorChanged,
    FloorOffered,
    HandedOver,
    OfferReceived,
)
from protocols.channel.floor import Floor
from protocols.channel.handover import HandoverRefused, Handovers, statement
from protocols.channel.handshake import verify
from protocols.observation import Presence
from tests.unit.protocols.channel.pair import SESSION, Pair, device, floor

NONCE = "h" * 22


def two() -> tuple[Pair, Pair, Floor]:
    place = floor()
    return Pair(place).connect(), Pair(place, operator="bob").connect(), place


def exchange(*pairs: Pair) -> None:
    for _ in range(2):
        for pair in pairs:
            pair.exchange()


def key(operator: str) -> bytes:
    return device(operator).public_key().public_bytes_raw()


def test_the_floor_goes_over_without_a_gap_and_both_have_signed() -> None:
    ann, bob, place = two()
    assert ann.client.offer("bob", NONCE)
    exchange(ann, bob)
    offered = bob.of(FloorOffered)[0]
    assert (offered.by, offered.nonce, offered.until) == ("ann", NONCE, bob.now + bob.skew + 60.0)
    assert bob.client.accept("ann", NONCE)
    exchange(bob, ann)
    handed = bob.of(HandedOver)[0]
    told = statement(SESSION, 3, "ann", "bob", NONCE)
    assert handed.statement == told
    assert verify(key("ann"), handed.giver_signature, told)
    assert verify(key("bob"), handed.taker_signature, told)
    assert place.driver == "bob"
    assert [change.operator for change in bob.of(DriverChanged)] == ["bob"]
    assert (ann.of(FloorChanged)[-1].driving, bob.of(FloorChanged)[-1].driving) == (False, True)
    assert all(presence.connected for pair in (ann, bob) for presence in pair.of(Presence))


def test_who_does_not_drive_offers_nothing_and_nobody_offers_to_who_is_not_there() -> None:
    ann, bob, place = two()
    for pair, to in ((bob, "ann"), (ann, "carl"), (ann, "ann")):
        assert pair.client.offer(to, NONCE)
        exchange(ann, bob)
        assert pair.of(DutyTold)[-1].en == "That operator is not there to take over from you."
    assert ann.of(FloorOffered) == bob.of(FloorOffered) == []
    assert place.driver == "ann"


def test_an_offer_is_taken_once_by_whom_it_was_made_to_and_in_time() -> None:
    ann, bob, place = two()
    ann.client.offer("bob", NONCE)
    exchange(ann, bob)
    bob.client.accept("ann", "x" * 22)
    exchange(bob, ann)
    assert bob.of(DutyTold)[-1].en == "There is no such offer."
    bob.client.accept("ann", NONCE)
    exchange(bob, ann)
    assert (bob.of(DutyTold)[-1].en, place.driver) == ("There is no such offer.", "ann")
    ann.client.offer("bob", NONCE)
    exchange(ann, bob)
    while ann.now < 165.0:
        for pair in (ann, bob):
            pair.until(pair.now + 0.5)
    bob.client.accept("ann", NONCE)
    exchange(bob, ann)
    assert (bob.of(DutyTold)[-1].en, place.driver) == ("This offer stands no more.", "ann")


def test_a_signature_that_is_not_the_devices_hands_nothing_over() -> None:
    ann, bob, place = two()
    ann.client._sign = device("mallory").sign
    ann.client.offer("bob", NONCE)
    exchange(ann, bob)
    assert ann.of(DutyTold)[-1].en == "The handover is not signed by this device."
    assert bob.of(FloorOffered) == []
    ann.client._sign = device("ann").sign
    bob.client._sign = device("mallory").sign
    ann.client.offer("bob", NONCE)
    exchange(ann, bob)
    bob.client.accept("ann", NONCE)
    exchange(bob, ann)
    assert (bob.of(DutyTold)[-1].en, place.driver) == ("The handover is not signed by this device.", "ann")


def test_what_is_signed_is_what_the_documentation_says() -> None:
    told = b"nakanohito/handover/v1\0"
    for part in (SESSION.encode(), b"3", b"ann", b"bob", NONCE.encode()):
        told += len(part).to_bytes(4, "big") + part
    assert statement(SESSION, 3, "ann", "bob", NONCE) == told


def test_an_offer_is_over_on_the_second() -> None:
    told = statement(SESSION, 3, "ann", "bob", NONCE)
    for late, stands in ((59.999, True), (60.0, False)):
        handovers = Handovers(SESSION, 3)
        handovers.offer(
            "ann", OfferReceived(to="bob", nonce=NONCE, signature=device("ann").sign(told)), key("ann"), 0.0
        )
        accept = AcceptReceived(by="ann", nonce=NONCE, signature=device("bob").sign(told))
        if stands:
            assert handovers.accept("bob", accept, key("bob"), "ann", late, 1.0).taker == "bob"
        else:
            with pytest.raises(HandoverRefused, match="no more"):
                handovers.accept("bob", accept, key("bob"), "ann", late, 1.0)


def test_a_signature_fits_no_other_session_epoch_or_pair() -> None:
    told = statement(SESSION, 3, "ann", "bob", NONCE)
    others = [
        ("s-2", 3, "ann", "bob"),
        (SESSION, 4, "ann", "bob"),
        (SESSION, 3, "bob", "ann"),
        (SESSION, 3, "an", "nbob"),
    ]
    assert all(statement(*other, NONCE) != told for other in others)
    accept = AcceptReceived(by="ann", nonce=NONCE, signature=bytes(64))
    with pytest.raises(HandoverRefused):
        Handovers(SESSION, 3).accept("bob", accept, key("bob"), "ann", 0.0, 0.0)


def test_before_the_channel_is_open_nothing_is_handed_over() -> None:
    pair = Pair(floor())
    assert pair.client.offer("bob", NONCE) is False
    assert pair.client.accept("bob", NONCE) is False
