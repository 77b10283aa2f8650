"""Avatars as the backend registers, reviews and reads them."""

from typing import Annotated, Literal

from pydantic import Field

from protocols.avatar import AvatarRole, AvatarState
from protocols.backend.part import Identifier, Moment, Part, Sentence

AssetNoun = Literal["vrm", "vtube_studio"]
Standing = Annotated[AvatarState, Field(strict=False)]
Reference = Annotated[str, Field(max_length=256)]
"""Letters, digits and . _ : @ - without spaces; whether it is one, and no name, the registry says in words."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Decision(Part):
    """Why something is decided; kept in the ledger with the API key that decided."""

    reason: Sentence = Field(description="Kept in the ledger.", examples=["complaint 2214: shown without its owner"])


class Renewal(Part):
    """Another validity."""

    valid_from: Moment | None = Field(None, description="From when; now where absent.")
    valid_until: Moment | None = Field(
        None, description="Until when; without end where absent.", examples=["2027-11-01T00:00:00Z"]
    )


class MergeRequest(Decision):
    """Which avatar of the same owner this one is really."""

    into: Identifier = Field(description="Id of the avatar that stays.", examples=["av_9s1d0k4w7e2xn"])


class AssetView(Part):
    """What an avatar's model is known by."""

    kind: AssetNoun = Field(description="vrm: SHA-256 of the VRM file; vtube_studio: modelID.", examples=["vrm"])
    value: str = Field(description="In hexadecimal digits.", examples=["9f86d081884c7d659a2feaa0c55ad015" * 2])


class AvatarView(Part):
    """A registered likeness."""

    id: str = Field(description="Id of the avatar.", examples=["av_9s1d0k4w7e2xn"])
    name: str = Field(description="Its name, unique among its owner's avatars.", examples=["Hoshi"])
    aliases: list[str] = Field(description="Its further display names.", examples=[["星"]])
    owner: str = Field(description="Whose likeness it is.", examples=["studio-1"])
    role: Annotated[AvatarRole, Field(strict=False)] = Field(
        description="avatar: may be on air; protected: registered to be protected only; look: a generic look, "
        "nobody's; scene: a background or thing that is mistaken for an avatar.",
        examples=["avatar"],
    )
    state: Standing = Field(
        description="submitted → approved, or review by a person → active → suspended, expired or revoked. Only an "
        "active avatar may be claimed by a session.",
        examples=["active"],
    )
    since: Moment = Field(description="Since when it is in this state.", examples=["2026-11-01T10:00:00Z"])
    because: str = Field(description="Why it is in this state.", examples=["it is valid"])
    decided_by: str = Field(
        description="Who or what decided: an API key's id, the check, the calendar.", examples=["the calendar"]
    )
    barred: str | None = Field(
        description="Why no session may claim it now; null where one may.", examples=["is suspended"]
    )
    abilities: list[str] = Field(
        description="Movements that it can show; gestures beyond them are never asked for.",
        examples=[["eyelids", "head", "mouth"]],
    )
    outfits: list[str] = Field(description="The outfits it is known in.", examples=[["default", "winter"]])
    assets: list[AssetView] = Field(description="What its model is known by.")
    code: str | None = Field(description="Its national digital-human code.", examples=[None])
    valid_from: Moment = Field(description="From when it may be on air.", examples=["2026-11-01T10:00:00Z"])
    valid_until: Moment | None = Field(description="Until when; null: without end.", examples=[None])
    policy: str | None = Field(
        description="Profile that its sessions are judged by unless they name another.", examples=["standard"]
    )
    needs_consent: bool = Field(
        description="Whether it resembles a living person: without a consent on record it is not on air.",
        examples=[False],
    )
    has_consent: bool = Field(description="Whether one is on record.", examples=[False])
    model: str = Field(description="The encoder that its likeness was made with.", examples=["likeness-1"])
    registered_at: Moment = Field(description="When it was registered.", examples=["2026-11-01T10:00:00Z"])


class PictureView(Part):
    """A reference picture of an avatar."""

    digest: str = Field(description="SHA-256 of the file that was sent.", examples=["9f86d081884c7d65" * 4])
    outfit: str = Field(description="The outfit that it shows.", examples=["default"])
    kept: bool = Field(
        description="Whether it can be looked at: a small JPEG of it is kept until the avatar is purged.",
        examples=[True],
    )


class ConflictView(Part):
    """What an avatar was found too like to when it was submitted."""

    id: str = Field(description="Id of the conflict.", examples=["cfl_5h2m9q0d5k1wz"])
    other: str = Field(description="Id of the other one.", examples=["pro_7h2m9q0d5k1wz"])
    other_name: str = Field(description="Its name.", examples=["Kuro"])
    other_owner: str = Field(description="Its owner.", examples=["studio-2"])
    other_role: Annotated[AvatarRole, Field(strict=False)] = Field(description="What it is registered for.")
    reason: Literal["likeness", "asset"] = Field(
        description="likeness: they look alike; asset: they have one model file.", examples=["likeness"]
    )
    similarity: float | None = Field(description="How alike, -1 to 1.", examples=[0.91])
    probability: float | None = Field(description="That they are one likeness, 0 to 1.", examples=[0.99])
    resolution: Literal["approved", "rejected", "merged"] | None = Field(
        description="What a person decided; null while it is open.", examples=[None]
    )


class PairView(ConflictView):
    """A conflict with the two pictures that are most alike."""

    picture: str | None = Field(
        description="The submitted avatar's picture: JPEG in base64; null where it is not kept."
    )
    other_picture: str | None = Field(description="The other one's.")


class AvatarRegistered(AvatarView):
    """An avatar just registered."""

    pictures: Annotated[int, Field(ge=1)] = Field(description="Pictures and frames that it is known by.", examples=[8])
    conflicts: list[ConflictView] = Field(description="What it was found too like to; then a person reviews it.")


class ReviewView(Part):
    """An avatar that waits for a person's decision, and what it is too like to, side by side."""

    avatar: AvatarView = Field(description="The avatar.")
    conflicts: list[PairView] = Field(description="The most alike first.")


class ConsentRequest(Part):
    """That a person whom an avatar resembles agreed. References, never names."""

    subject: Reference = Field(
        description="Reference of the person with whoever keeps the proof. Never a name.", examples=["person-17"]
    )
    purpose: Annotated[Sentence, Field(max_length=500)] = Field(description="What for.", examples=["live streaming"])
    scope: Annotated[Sentence, Field(max_length=500)] = Field(description="How far.", examples=["this platform, 2027"])
    guardian: Reference | None = Field(
        None, description="Reference of who agreed for a person who may not by themselves.", examples=["guardian-4"]
    )
    obtained_at: Moment = Field(description="When it was obtained.", examples=["2026-10-30T09:00:00Z"])


class ConsentView(Part):
    """A consent on record."""

    id: str = Field(description="Id of the consent.", examples=["con_5h2m9q0d5k1wz"])
    avatar: str = Field(description="The avatar it is for.", examples=["av_9s1d0k4w7e2xn"])
    subject: str = Field(description="Reference of the person.", examples=["person-17"])
    purpose: str = Field(description="What for.", examples=["live streaming"])
    scope: str = Field(description="How far.", examples=["this platform, 2027"])
    guardian: str | None = Field(description="Reference of who agreed for them.", examples=[None])
    obtained_at: Moment = Field(description="When it was obtained.", examples=["2026-10-30T09:00:00Z"])
    withdrawn_at: Moment | None = Field(description="When it was withdrawn.", examples=[None])

    @classmethod
    def of(cls, consent: object) -> "ConsentView":
        """The consent, for the wire. ``consent``: one as it is kept, with attributes of these names."""
        names = cls.model_fields
        return cls(**{name: getattr(consent, name) for name in names})


class PurgeView(Part):
    """A purge: pictures and vectors are deleted; this is the proof, as the ledger has it.

    Each commitment to a picture is HMAC-SHA-256 under the salt of ``picture``, a zero byte and the SHA-256 of the
    file. The salt is kept nowhere: without it the ledger tells nothing about what was purged.
    """

    avatar: AvatarView = Field(description="The avatar, now revoked.")
    salt: str = Field(description="32 bytes in hexadecimal digits; not shown again.", examples=["00" * 32])
    pictures: list[Digest] = Field(description="A commitment to each picture.")
    vectors: int = Field(ge=0, description="How many vectors there were.", examples=[8])
    vectors_commitment: Digest = Field(description="A commitment to all of them.", examples=["00" * 32])
