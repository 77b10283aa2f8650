from dataclasses import replace
from typing import Any

import pytest

from protocols.passkey.ceremony import (
    PasskeyRefused,
    RelyingParty,
    assertion_options,
    credential_id,
    register,
    registration_options,
    verify,
    written,
)
from tests.servers.authenticator import ORIGIN, Authenticator, octets

PARTY = RelyingParty(id="localhost", name="Nakanohito", origins=(ORIGIN, "https://sub.localhost"))
CHALLENGE = bytes(range(32))
OTHER = bytes(32)


def created(device: Authenticator, challenge: bytes = CHALLENGE) -> dict[str, Any]:
    return device.create(registration_options(PARTY, holder="op_1", label="op_1", challenge=challenge))


def asserted(device: Authenticator, challenge: bytes = CHALLENGE) -> dict[str, Any]:
    return device.get(assertion_options(PARTY, challenge=challenge))


def key_of(device: Authenticator) -> bytes:
    return register(PARTY, created(replace(device, verifies=True, origin=ORIGIN, cross_origin=False)), CHALLENGE).key


def test_what_a_browser_is_asked_for_names_nobody_and_wants_the_person_verified() -> None:
    options = registration_options(PARTY, holder="op_1", label="Nakanohito op_1", challenge=CHALLENGE, known=[b"k"])
    assert octets(options["user"]["id"]) == b"op_1"
    assert options["user"]["name"] == options["user"]["displayName"] == "Nakanohito op_1"
    assert octets(options["challenge"]) == CHALLENGE
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["attestation"] == "none"
    assert [octets(one["id"]) for one in options["excludeCredentials"]] == [b"k"]
    asking = assertion_options(PARTY, challenge=CHALLENGE, allowed=[b"k"])
    assert asking["userVerification"] == "required"
    assert asking["rpId"] == "localhost"
    assert [octets(one["id"]) for one in asking["allowCredentials"]] == [b"k"]


def test_a_device_bound_and_a_synced_passkey_are_told_apart() -> None:
    for synced in (False, True):
        device = Authenticator(synced=synced)
        made = register(PARTY, created(device), CHALLENGE)
        assert (made.credential, made.synced, made.sign_count) == (device.credential, synced, 0)
        assert made.aaguid == "00000000-0000-0000-0000-000000000000"
        proven = verify(PARTY, asserted(device), challenge=CHALLENGE, key=made.key, sign_count=0)
        assert (proven.credential, proven.synced, proven.sign_count) == (device.credential, synced, 0)


@pytest.mark.parametrize(
    "device",
    [
        Authenticator(verifies=False),
        Authenticator(origin="https://evil.example"),
        Authenticator(origin="http://localhost:8470.evil.example"),
        Authenticator(cross_origin=True),
    ],
    ids=["unverified", "another origin", "an origin that begins like ours", "framed by another site"],
)
def test_what_was_made_elsewhere_or_without_the_person_is_refused(device: Authenticator) -> None:
    with pytest.raises(PasskeyRefused, match="begin again"):
        register(PARTY, created(device), CHALLENGE)
    with pytest.raises(PasskeyRefused, match="begin again"):
        verify(PARTY, asserted(device), challenge=CHALLENGE, key=key_of(device), sign_count=0)


def test_an_answer_to_another_challenge_counts_for_nothing() -> None:
    device = Authenticator()
    with pytest.raises(PasskeyRefused):
        register(PARTY, created(device, OTHER), CHALLENGE)
    with pytest.raises(PasskeyRefused):
        verify(PARTY, asserted(device, OTHER), challenge=CHALLENGE, key=key_of(device), sign_count=0)


def test_an_answer_for_another_domain_counts_for_nothing() -> None:
    device = Authenticator()
    elsewhere = replace(PARTY, id="example.org")
    answer = device.get(assertion_options(elsewhere, challenge=CHALLENGE))
    with pytest.raises(PasskeyRefused):
        verify(PARTY, answer, challenge=CHALLENGE, key=key_of(device), sign_count=0)
    made = device.create(registration_options(elsewhere, holder="op_1", label="x", challenge=CHALLENGE))
    with pytest.raises(PasskeyRefused):
        register(PARTY, made, CHALLENGE)


def test_another_passkeys_signature_counts_for_nothing() -> None:
    with pytest.raises(PasskeyRefused):
        verify(PARTY, asserted(Authenticator()), challenge=CHALLENGE, key=key_of(Authenticator()), sign_count=0)


def test_a_counter_that_does_not_rise_is_a_copy() -> None:
    device = Authenticator(count=7)
    key = key_of(device)
    assert verify(PARTY, asserted(device), challenge=CHALLENGE, key=key, sign_count=7).sign_count == 8
    for stale in (9, 10):
        with pytest.raises(PasskeyRefused):
            verify(PARTY, asserted(replace(device, count=stale - 1)), challenge=CHALLENGE, key=key, sign_count=stale)


def test_a_registration_is_no_assertion_nor_the_other_way_round() -> None:
    device = Authenticator()
    with pytest.raises(PasskeyRefused):
        verify(PARTY, created(device), challenge=CHALLENGE, key=key_of(device), sign_count=0)
    with pytest.raises(PasskeyRefused):
        register(PARTY, asserted(device), CHALLENGE)


@pytest.mark.parametrize("broken", [{}, {"response": None}, {"response": {"clientDataJSON": 7}}, {"id": []}])
def test_what_is_no_response_is_refused(broken: dict[str, Any]) -> None:
    device = Authenticator()
    for answer in (broken, {**asserted(device), **broken} if broken else {}):
        with pytest.raises(PasskeyRefused):
            register(PARTY, answer, CHALLENGE)
        with pytest.raises(PasskeyRefused):
            verify(PARTY, answer, challenge=CHALLENGE, key=key_of(device), sign_count=0)


def test_what_is_longer_than_any_response_is_not_read() -> None:
    answer = {**asserted(Authenticator()), "more": "x" * 20_000}
    with pytest.raises(PasskeyRefused, match="longer"):
        register(PARTY, answer, CHALLENGE)
    with pytest.raises(PasskeyRefused, match="longer"):
        verify(PARTY, answer, challenge=CHALLENGE, key=b"", sign_count=0)


def test_the_credential_that_a_response_names_is_read_in_its_one_form() -> None:
    assert credential_id(asserted(device := Authenticator())) == device.credential
    assert credential_id({"id": written(b"\0" * 16)}) == b"\0" * 16
    for wrong in ({}, {"id": 7}, {"id": ""}, {"id": "x" * 1401}, {"id": "AA=="}, {"id": "ä"}, {"id": "A"}):
        with pytest.raises(PasskeyRefused):
            credential_id(wrong)
