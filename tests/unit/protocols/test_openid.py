import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from protocols.channel.seal import base64url
from protocols.identity import LONGEST
from protocols.openid import (
    Client,
    Endpoints,
    Identified,
    OpenIdRefused,
    Question,
    asked,
    endpoints,
    identified,
    left,
    own_answer,
    secure,
    signing_key,
)

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER = "https://id.example"
KEY = ECKey.generate_key("P-256", {"kid": "k1"})
KEYS = {"keys": [KEY.as_dict(private=False)]}
CLIENT = Client(
    issuer=ISSUER,
    client_id="nakanohito",
    roles={"admin": frozenset({"admins"}), "moderator": frozenset({"mods", "moderators"})},
)
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize?realm=studio",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}
QUESTION = Question(state="cer_1", secret=bytes(32), back="https://moderate.example/console/provider/corp")


def token(**changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "sub": "b2f6",
        "aud": "nakanohito",
        "iat": AT,
        "exp": AT + 60,
        "nonce": "n",
        "groups": ["mods"],
        **changes,
    }
    given = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "k1"}, given, KEY, algorithms=["ES256"])


def read(given: str, client: Client = CLIENT, keys: Any = KEYS, **more: Any) -> Identified:
    return identified(given, client, keys, nonce="n", now=NOW, **more)


def test_of_a_person_there_is_taken_a_digest_a_role_and_when_they_were_asked() -> None:
    found = read(token(name="Hoshiko", email="h@id.example", auth_time=AT - 60))
    digest = hashlib.sha256(b"nakanohito/subject/v1\0https://id.example\0b2f6").digest()
    assert found == Identified(subject=digest, role="moderator", authenticated_at=NOW - timedelta(seconds=60))
    assert read(token(auth_time=AT + 30)).authenticated_at == NOW  # the provider's clock is a little ahead


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"iss": "https://id.example/"}, "another issuer"),
        ({"aud": "other"}, "another client"),
        ({"aud": ["other"]}, "another client"),
        ({"azp": "other"}, "another client"),
        ({"aud": ["nakanohito", "other"]}, "several"),
        ({"iat": AT + 61}, "of the future"),
        ({"exp": AT - 60}, "too old"),
        ({"iat": AT - 661, "exp": AT + 900}, "too old"),
        ({"iat": True}, "iat is no number"),
        ({"exp": "soon"}, "exp is no number"),
        ({"exp": 5e9}, "exp is no number"),
        ({"nonce": "m"}, "another question"),
        ({"nonce": None}, "another question"),
        ({"nonce": ["n"]}, "another question"),
        ({"sub": None}, "names nobody"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "星"}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"auth_time": "now"}, "auth_time is no number"),
    ],
)
def test_an_id_token_that_is_not_for_this_question_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(OpenIdRefused, match=says):
        read(token(**changes))


def test_several_audiences_are_taken_where_it_was_given_to_us() -> None:
    assert read(token(aud=["other", "nakanohito"], azp="nakanohito")).role == "moderator"
    assert read(token(aud=["nakanohito"])).role == "moderator"


def unsigned(header: dict[str, Any]) -> str:
    body = token().split(".")[1]
    return f"{base64url(json.dumps(header).encode())}.{body}."


@pytest.mark.parametrize(
    "forged",
    [
        unsigned({"alg": "none", "kid": "k1"}),
        unsigned({"alg": "HS256", "kid": "k1"}),
        unsigned({"alg": "ES256", "kid": "k2"}),
        token()[:-4] + "AAAA",
    ],
)
def test_what_no_key_of_the_provider_has_signed_is_refused(forged: str) -> None:
    with pytest.raises(OpenIdRefused, match="No key"):
        read(forged)


def test_of_several_keys_the_token_names_its_own() -> None:
    other = ECKey.generate_key("P-256", {"kid": "k2"}).as_dict(private=False)
    several = {"keys": [other, KEY.as_dict(private=False)]}
    assert read(token(), keys=several).role == "moderator"
    with pytest.raises(OpenIdRefused, match="kid"):
        read(unsigned({"alg": "ES256"}), keys=several)


@pytest.mark.parametrize("nothing", [None, "", 7, "a.b", "x" * (LONGEST + 1), "e30.e30"])
def test_what_is_no_token_is_refused(nothing: object) -> None:
    with pytest.raises(OpenIdRefused, match="no ID token"):
        signing_key(nothing)
    assert signing_key(token()) == "k1"


def test_how_and_since_when_the_person_was_asked_is_insisted_on() -> None:
    strict = replace(CLIENT, acr_values=("phr", "phrh"))
    assert read(token(acr="phrh"), strict).role == "moderator"
    for acr in (None, "0"):
        with pytest.raises(OpenIdRefused, match="phr or phrh"):
            read(token(acr=acr), strict)
    assert read(token(auth_time=AT), asked_at=NOW).authenticated_at == NOW
    for auth_time in (None, AT - 61):
        with pytest.raises(OpenIdRefused, match="ask the person again"):
            read(token(auth_time=auth_time), asked_at=NOW)


@pytest.mark.parametrize(
    ("claim", "claims", "role"),
    [
        ("groups", {"groups": ["x", "moderators", "admins"]}, "admin"),
        ("groups", {"groups": "mods"}, "moderator"),
        ("groups", {"groups": ["readers", 7]}, None),
        ("groups", {"groups": None}, None),
        ("realm_access.roles", {"realm_access": {"roles": ["admins"]}}, "admin"),
        ("realm_access.roles", {"realm_access": ["admins"]}, None),
        ("https://studio.example/roles", {"https://studio.example/roles": ["mods"]}, "moderator"),
    ],
)
def test_a_claims_values_stand_for_roles(claim: str, claims: dict[str, Any], role: str | None) -> None:
    assert read(token(**{"groups": None, **claims}), replace(CLIENT, claim=claim)).role == role


def test_the_browser_is_sent_with_a_question_that_only_it_can_bring_back() -> None:
    at = endpoints(METADATA, CLIENT)
    url = asked(replace(CLIENT, scopes=("openid", "groups")), at, QUESTION, again=False)
    assert url.startswith(f"{ISSUER}/authorize?realm=studio&response_type=code&")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (query["scope"], query["state"], query["redirect_uri"]) == ("openid groups", "cer_1", QUESTION.back)
    assert query["code_challenge"] == base64url(hashlib.sha256(QUESTION.verifier.encode()).digest())
    assert query["nonce"] == QUESTION.nonce
    assert len({QUESTION.verifier, QUESTION.nonce, replace(QUESTION, secret=bytes([1]) * 32).nonce}) == 3
    assert "max_age" not in query
    again = asked(replace(CLIENT, acr_values=("phr",)), at, QUESTION, again=True)
    assert again.endswith("max_age=0&prompt=login&acr_values=phr")


def test_metadata_is_read() -> None:
    more = METADATA | {
        "end_session_endpoint": f"{ISSUER}/logout",
        "authorization_response_iss_parameter_supported": True,
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }
    assert endpoints(more, CLIENT) == Endpoints(
        authorization=METADATA["authorization_endpoint"],
        token=METADATA["token_endpoint"],
        keys=METADATA["jwks_uri"],
        end_session=f"{ISSUER}/logout",
        names_issuer=True,
        secret_in_body=True,
    )
    found = endpoints(METADATA, CLIENT)
    assert (found.end_session, found.names_issuer, found.secret_in_body) == (None, False, False)
    assert left(CLIENT, found, "https://x.example") is None
    assert left(CLIENT, endpoints(more, CLIENT), "https://m.example/console") == (
        f"{ISSUER}/logout?client_id=nakanohito&post_logout_redirect_uri=https%3A%2F%2Fm.example%2Fconsole"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        METADATA | {"issuer": "https://evil.example"},
        METADATA | {"response_types_supported": ["id_token"]},
        METADATA | {"code_challenge_methods_supported": ["plain"]},
        METADATA | {"token_endpoint": "http://id.example/token"},
        METADATA | {"token_endpoint": "https://id.example/to ken"},
        METADATA | {"token_endpoint": "https://[id.example/token"},
        METADATA | {"jwks_uri": None},
        METADATA | {"end_session_endpoint": "javascript:alert(1)"},
    ],
)
def test_metadata_that_is_anothers_or_too_little_is_refused(wrong: object) -> None:
    with pytest.raises(OpenIdRefused):
        endpoints(wrong, CLIENT)


def test_an_answer_says_whose_it_is_where_the_provider_does_so() -> None:
    plain = endpoints(METADATA, CLIENT)
    naming = replace(plain, names_issuer=True)
    own_answer(CLIENT, plain, None)
    own_answer(CLIENT, naming, ISSUER)
    for at, issuer in ((naming, None), (naming, "https://evil.example"), (plain, "https://evil.example")):
        with pytest.raises(OpenIdRefused, match="another provider"):
            own_answer(CLIENT, at, issuer)


def test_what_is_reached_over_tls_or_on_this_machine_is_secure() -> None:
    assert secure("https://id.example")
    assert secure("http://localhost:8080/realms/x")
    assert not secure("http://id.example")
    assert not secure("https://")
    assert not secure("id.example")
