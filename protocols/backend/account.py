"""Accounts of moderators, and signing in to the console."""

from typing import Annotated, Literal

from pydantic import Field

from protocols.backend.part import Moment, Part, Title
from protocols.backend.passkey import CeremonyView, Credential

RoleName = Literal["viewer", "moderator", "senior", "auditor", "admin"]
AccountStanding = Literal["active", "suspended"]

Role = Annotated[
    RoleName,
    Field(
        description="viewer: looks; moderator: decides; senior: decides what is hard to undo, and reviews avatars; "
        "auditor: looks, at the ledger as well; admin: everything.",
        examples=["moderator"],
    ),
]


class AccountRequest(Part):
    """A new account, which is invited to register a passkey."""

    name: Title = Field(description="A handle that colleagues know. Never a person's name.", examples=["mod-7"])
    role: Role


class AccountChange(Part):
    """Another role, or suspended, or reinstated; what is absent stays."""

    role: RoleName | None = Field(None, description="The new role.", examples=["senior"])
    state: AccountStanding | None = Field(
        None, description="suspended: signed out everywhere, and cannot sign in.", examples=["suspended"]
    )


class AccountView(Part):
    """Somebody who moderates."""

    id: str = Field(description="Id of the account, which the ledger names.", examples=["acc_3k9d7m2x8q0ab"])
    name: str = Field(description="A handle that colleagues know.", examples=["mod-7"])
    role: Role
    state: AccountStanding = Field(description="Only an active account may sign in.", examples=["active"])
    created_at: Moment = Field(description="When it was made.", examples=["2026-11-22T08:00:00Z"])
    created_by: str = Field(description="Which account or API key made it.", examples=["key_1b2c8e0t5m3vz"])
    issuer: str | None = Field(
        description="The OpenID provider that it signs in by and has its role from; null where it has passkeys.",
        examples=["https://id.example"],
    )


class AccountInvited(AccountView):
    """An account and the link that lets it register a passkey, once."""

    link: str = Field(
        description="To be opened by the invited alone, within three days. Not shown again.",
        examples=["http://localhost:8470/console/invitation#b8Zr0dXqk1wYl9b3nQvT5uJ2c7A"],
    )


class SignInView(Part):
    """Who is signed in on this browser, and for how long."""

    account: AccountView = Field(description="The account.")
    scopes: list[str] = Field(description="What its role allows.", examples=[["sessions:read"]])
    csrf: str = Field(
        description="Send it as `x-csrf-token` with everything that is not a GET.", examples=["5f0c1f5e9f0b4c2a…"]
    )
    method: Literal["passkey", "openid"] = Field(description="How it signed in.", examples=["passkey"])
    provider: str | None = Field(description="By which OpenID provider, by its name here.", examples=["corp"])
    ends_at: Moment = Field(description="When it ends if nothing more is asked.", examples=["2026-11-22T09:00:00Z"])
    fresh_until: Moment | None = Field(
        description="Until when what hurts needs no further passkey, nor the provider again; null where it does.",
        examples=["2026-11-22T08:35:00Z"],
    )


class CeremonyAnswer(Part):
    """What the browser's passkey has answered."""

    ceremony: str = Field(
        max_length=64, description="The ceremony that it answers.", examples=["cer_7h2m9q0d5k1wz7h2m9q0d5k1wz"]
    )
    credential: Credential


class Welcome(CeremonyView):
    """An invitation that is good, for whom it is, and the ceremony that registers the passkey."""

    name: str = Field(description="Handle of the account.", examples=["mod-7"])
    role: Role


class ProviderButton(Part):
    """An OpenID provider that one can sign in by."""

    name: str = Field(description="Its name here.", examples=["corp"])
    label: str = Field(description="What the button says.", examples=["Corp single sign-on"])


class ProviderQuestion(Part):
    """Where the browser goes to be asked by an OpenID provider."""

    url: str = Field(
        description="To be opened as it is; the answer comes to `/console/provider/…`.",
        examples=["https://id.example/authorize?response_type=code&client_id=nakanohito&state=cer_7h2m…"],
    )


class ProviderAnswer(Part):
    """What the provider sent the browser back with: the values of the address's query."""

    state: str = Field(max_length=64, description="As it came.", examples=["cer_7h2m9q0d5k1wz7h2m9q0d5k1wz"])
    code: str = Field(max_length=4096, description="As it came.", examples=["SplxlOBeZQQYbYS6WxSbIA"])
    iss: str | None = Field(None, max_length=512, description="As it came.", examples=["https://id.example"])


class SignedOut(Part):
    """Nobody is signed in on this browser any more."""

    provider: str | None = Field(
        description="Where one signs out of the OpenID provider too; null where one was not signed in by it.",
        examples=["https://id.example/logout?client_id=nakanohito"],
    )


class SignInMethods(Part):
    """How one signs in here."""

    passkey_at: str = Field(
        description="The origin that passkeys of this service belong to.", examples=["http://localhost:8470"]
    )
    providers: list[ProviderButton] = Field(description="OpenID providers that one can sign in by.")
