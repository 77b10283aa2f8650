"""An identity provider of our own making: it signs what a test wants a real one to say."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

NAME = "https://id.example"
AUDIENCE = "nakanohito"
PERSON = {"given_name": "Hoshiko", "family_name": "Tsukino", "national_id": "110101199003078515", "birthdate": "1990"}
"""What a token may say of a person, and what must be nowhere afterwards."""


@dataclass
class IdentityProvider:
    """An issuer with one key."""

    key: ECKey | OKPKey | RSAKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    algorithm: str = "ES256"

    @property
    def keys(self) -> dict[str, Any]:
        """The JWK set, its public halves."""
        return {"keys": [self.key.as_dict(private=False)]}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """A token that says ``claims``."""
        whole = {"alg": self.algorithm, "kid": "k1", **header}
        head = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(head, claims, self.key, algorithms=[self.algorithm])

    def id_token(self, now: datetime, *, verified_at: str, assurance: str = "high", **changes: Any) -> str:
        """An ID token with ``verified_claims``, the person's name and number among them."""
        verification = {"trust_framework": "cn", "assurance_level": assurance, "time": verified_at}
        claims = {
            "iss": NAME,
            "sub": "b2f6c0d1",
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp()) + 300,
            "verified_claims": {"verification": verification, "claims": PERSON},
            **PERSON,
            **changes,
        }
        return self.signed({name: value for name, value in claims.items() if value is not None})
