import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from protocols.channel.seal import base64url
from protocols.identity import (
    ASSERTION_TYPE,
    LONGEST,
    Form,
    IdentityRefused,
    Issuer,
    VerifiedIdentity,
    issuer_of,
    key_of,
    verified,
)
from tests.servers.issuer import AUDIENCE, NAME, PERSON, IdentityProvider

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
THEN = "2026-11-01T10:00:00Z"
ISSUER = Issuer(name=NAME, form=Form.OPENID, audience=AUDIENCE, assurances=frozenset({"high", "substantial"}))
PLATFORM = replace(ISSUER, form=Form.ASSERTION)
PROVIDER = IdentityProvider()


def read(token: str, issuer: Issuer = ISSUER, provider: IdentityProvider = PROVIDER) -> VerifiedIdentity:
    return verified(token, issuer, provider.keys, now=NOW)


def assertion(**changes: Any) -> str:
    at = int(NOW.timestamp())
    claims = {"iss": NAME, "sub": "p-1", "aud": AUDIENCE, "iat": at, "exp": at + 60, "assurance": "high"}
    claims |= {"verified_at": at - 3600} | changes
    return PROVIDER.signed(claims, typ=ASSERTION_TYPE)


def test_of_an_id_token_nothing_is_taken_but_who_to_which_level_and_when() -> None:
    found = read(PROVIDER.id_token(NOW, verified_at=THEN))
    assert found == VerifiedIdentity(
        issuer=NAME, pseudonym="b2f6c0d1", assurance="high", verified_at=datetime(2026, 11, 1, 10, tzinfo=UTC)
    )
    assert not any(str(value) in str(found) for value in PERSON.values())


@pytest.mark.parametrize(
    "provider",
    [
        IdentityProvider(OKPKey.generate_key("Ed25519", {"kid": "k1"}), "EdDSA"),
        IdentityProvider(RSAKey.generate_key(2048, {"kid": "k1"}), "RS256"),
        IdentityProvider(RSAKey.generate_key(2048, {"kid": "k1"}), "PS256"),
    ],
    ids=["EdDSA", "RS256", "PS256"],
)
def test_every_kind_of_signature_by_a_private_key_is_believed(provider: IdentityProvider) -> None:
    assert read(provider.id_token(NOW, verified_at=THEN), provider=provider).pseudonym == "b2f6c0d1"


def test_the_newest_verification_that_counts_is_taken() -> None:
    told = [
        {"verification": {"trust_framework": "substantial", "time": "2026-10-01T00:00:00+08:00"}},
        {"verification": {"assurance_level": "high", "time": "2026-09-01T00:00:00Z"}},
        {"verification": {"assurance_level": "low", "time": "2026-11-01T00:00:00Z"}},
        {"verification": {"assurance_level": "high", "time": "2026-11-02"}},
        {"verification": {"assurance_level": "high", "time": "yesterday"}},
        {"verification": {"assurance_level": "high"}},
        {"verification": None},
        "nonsense",
    ]
    found = read(PROVIDER.id_token(NOW, verified_at=THEN, verified_claims=told))
    assert (found.assurance, found.verified_at) == ("substantial", datetime(2026, 9, 30, 16, tzinfo=UTC))


def test_a_platforms_assertion_is_read_alike() -> None:
    found = read(assertion(), PLATFORM)
    assert (found.pseudonym, found.assurance, found.verified_at) == ("p-1", "high", NOW - timedelta(hours=1))
    assert read(assertion(aud=["other", AUDIENCE]), PLATFORM) == found
    assert read(assertion(verified_at=int(NOW.timestamp()) + 30), PLATFORM).verified_at == NOW


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"iss": "https://other.example"}, "another issuer's"),
        ({"aud": "somebody-else"}, "not for nakanohito"),
        ({"aud": None}, "not for nakanohito"),
        ({"iat": int(NOW.timestamp()) - 700}, "too old"),
        ({"iat": int(NOW.timestamp()) + 100}, "of the future"),
        ({"exp": int(NOW.timestamp()) - 100}, "too old"),
        ({"exp": None}, "does not say when"),
        ({"iat": True}, "does not say when"),
        ({"iat": "now"}, "does not say when"),
        ({"exp": 1e12}, "does not say when"),
        ({"verified_claims": None}, "says: nothing"),
        ({"sub": None}, "pseudonym"),
        ({"sub": "月野 星子"}, "pseudonym"),
        ({"sub": "110101199003078515"}, "number or an address"),
        ({"sub": "hoshi@example.org"}, "number or an address"),
    ],
)
def test_what_verifies_nobody_is_refused_with_what_to_do(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(IdentityRefused, match=words):
        read(PROVIDER.id_token(NOW, verified_at=THEN, **changes))


@pytest.mark.parametrize(
    ("issued", "expires", "good"),
    [(60, 300, True), (61, 300, False), (-300, -60, False), (-300, -59, True), (-660, 300, False), (-659, 300, True)],
)
def test_a_token_is_of_now_to_the_second_with_a_minute_of_grace(issued: int, expires: int, good: bool) -> None:
    at = int(NOW.timestamp())
    token = PROVIDER.id_token(NOW, verified_at=THEN, iat=at + issued, exp=at + expires)
    if good:
        assert read(token).pseudonym == "b2f6c0d1"
    else:
        with pytest.raises(IdentityRefused, match="too old, or of the future"):
            read(token)


def test_a_verification_may_lie_a_minute_ahead_and_no_more() -> None:
    ahead = NOW + timedelta(seconds=60)
    assert read(PROVIDER.id_token(NOW, verified_at=ahead.isoformat())).verified_at == NOW
    with pytest.raises(IdentityRefused, match="in the future"):
        read(PROVIDER.id_token(NOW, verified_at=(ahead + timedelta(seconds=1)).isoformat()))


def test_a_level_that_does_not_count_and_a_verification_of_the_future_are_refused() -> None:
    with pytest.raises(IdentityRefused, match=r"high or substantial \(it says: low\)"):
        read(PROVIDER.id_token(NOW, verified_at=THEN, assurance="low"))
    with pytest.raises(IdentityRefused, match="in the future"):
        read(PROVIDER.id_token(NOW, verified_at="2026-12-01T00:00:00Z"))
    for wrong in ("low", None, 3):
        with pytest.raises(IdentityRefused, match="verifies nobody"):
            read(assertion(assurance=wrong), PLATFORM)
    with pytest.raises(IdentityRefused, match="has the type"):
        read(PROVIDER.id_token(NOW, verified_at=THEN), PLATFORM)


def test_what_another_key_or_no_key_has_signed_is_refused() -> None:
    token = PROVIDER.id_token(NOW, verified_at=THEN)
    stranger = IdentityProvider()
    with pytest.raises(IdentityRefused, match="No key"):
        read(stranger.id_token(NOW, verified_at=THEN))
    head, body, signature = token.split(".")
    other_body = PROVIDER.id_token(NOW, verified_at=THEN, sub="other").split(".")[1]
    unsigned = "eyJhbGciOiJub25lIn0." + body + "."
    for forged in (f"{head}.{other_body}.{signature}", unsigned, f"{head}.{body}.AAAA"):
        with pytest.raises(IdentityRefused, match="No key"):
            read(forged)


def test_a_public_key_is_no_shared_secret() -> None:
    # What an attacker hopes for: that the public key is taken for the secret of an HMAC.
    body = PROVIDER.id_token(NOW, verified_at=THEN).split(".")[1]
    head = base64url(b'{"alg":"HS256","kid":"k1"}')
    for secret in (PROVIDER.key.as_pem(private=False), PROVIDER.key.as_der(private=False)):
        seal = hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256)
        with pytest.raises(IdentityRefused, match="No key"):
            read(f"{head}.{body}.{base64url(seal)}")


def test_of_several_keys_the_token_names_one() -> None:
    other = ECKey.generate_key("P-256", {"kid": "k2"})
    keys = {"keys": [other.as_dict(private=False), *PROVIDER.keys["keys"]]}
    assert verified(PROVIDER.id_token(NOW, verified_at=THEN), ISSUER, keys, now=NOW).pseudonym == "b2f6c0d1"
    claims = {"iss": NAME}
    with pytest.raises(IdentityRefused, match="which key"):
        verified(PROVIDER.signed(claims, kid=None), ISSUER, keys, now=NOW)


def test_who_claims_to_have_issued_and_signed_a_token() -> None:
    token = PROVIDER.id_token(NOW, verified_at=THEN)
    assert (issuer_of(token), key_of(token)) == (NAME, "k1")
    for wrong in ("a.b.c", "nonsense", PROVIDER.signed({"iss": 7})):
        with pytest.raises(IdentityRefused, match="names its issuer"):
            issuer_of(wrong)
    for wrong in ("", token + "x" * LONGEST):
        with pytest.raises(IdentityRefused, match=f"1 to {LONGEST} characters"):
            issuer_of(wrong)
    with pytest.raises(IdentityRefused):
        key_of("nonsense")
