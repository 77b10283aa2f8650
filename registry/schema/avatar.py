"""The tables of avatars: who they are, what they are known by, and whose likeness they are."""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    false,
)

from protocols.avatar import AvatarRole, AvatarState
from registry.column import Choice, Document, Instant
from registry.schema.table import ID, NAME, Arriving, metadata, where
from registry.state import AssetKind, ConflictReason, Resolution


class AvatarColumns(Arriving):
    """``name_key`` is the name as people compare names: without regard to case or width.

    ``since``, ``because`` and ``decided_by`` are of the last change of ``state``; what was registered before they
    were kept has none, and is valid from its registration on. ``submitted_by``: who registered it, where it was kept.
    """

    owner: Named[str] = Column(String(NAME), index=True)
    name: Named[str] = Column(String(NAME))
    name_key: Named[str] = Column(String(NAME))
    role: Named[AvatarRole] = Column(Choice(AvatarRole), server_default=AvatarRole.AVATAR.value)
    state: Named[AvatarState] = Column(Choice(AvatarState))
    since: Named[datetime | None] = Column(Instant)
    because: Named[str | None] = Column(Text)
    decided_by: Named[str | None] = Column(String(NAME))
    submitted_by: Named[str | None] = Column(String(NAME))
    abilities: Named[list[str]] = Column(Document)
    code: Named[str | None] = Column(String(NAME))
    valid_from: Named[datetime | None] = Column(Instant)
    valid_until: Named[datetime | None] = Column(Instant)
    policy: Named[str | None] = Column(String(NAME))
    needs_consent: Named[bool] = Column(Boolean, server_default=false())
    model: Named[str] = Column(String(NAME))
    registered_at: Named[datetime] = Column(Instant)


avatars = Table(
    "avatars",
    metadata,
    AvatarColumns,
    Index("uq_avatars_owner_name", "owner", "name_key", unique=True, **where("state <> 'revoked'")),
    Index("uq_avatars_code", "code", unique=True, **where("state <> 'revoked'")),
    sqlite_autoincrement=True,
)


class AliasColumns(TypedColumns):
    """A further display name of an avatar."""

    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), primary_key=True)
    name_key: Named[str] = Column(String(NAME), primary_key=True)
    name: Named[str] = Column(String(NAME))


aliases = Table("aliases", metadata, AliasColumns, Index("ix_aliases_name_key", "name_key"))


class AssetColumns(TypedColumns):
    """What an avatar's model is known by: the SHA-256 of a VRM file, the id of a VTube Studio model."""

    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), primary_key=True)
    kind: Named[AssetKind] = Column(Choice(AssetKind), primary_key=True)
    value: Named[str] = Column(String(NAME), primary_key=True)


assets = Table("assets", metadata, AssetColumns, Index("ix_assets_value", "value"))


class PictureColumns(TypedColumns):
    """A reference picture: the digest of the file that was sent, and the picture as reviewers see it.

    ``content`` is a small JPEG encoded anew from the pixels; null for what was registered before pictures were kept.
    """

    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), primary_key=True)
    digest: Named[bytes] = Column(LargeBinary(32), primary_key=True)
    outfit: Named[str] = Column(String(NAME), server_default="default")
    content: Named[bytes | None] = Column(LargeBinary)


pictures = Table("pictures", metadata, PictureColumns, Index("ix_pictures_digest", "digest"))


class VectorColumns(TypedColumns):
    """One likeness vector: ``vector`` is little-endian float32, ``dimension`` numbers of it, of ``picture``."""

    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), primary_key=True)
    model: Named[str] = Column(String(NAME), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    dimension: Named[int]
    vector: Named[bytes] = Column(LargeBinary)
    picture: Named[bytes | None] = Column(LargeBinary(32))


vectors = Table("vectors", metadata, VectorColumns, Index("ix_vectors_model", "model"))


class ConsentColumns(Arriving):
    """The consent of a person whom an avatar resembles; ``subject`` and ``guardian`` are references, never names."""

    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), index=True)
    subject: Named[str] = Column(String(NAME), index=True)
    purpose: Named[str] = Column(Text)
    scope: Named[str] = Column(Text)
    guardian: Named[str | None] = Column(String(NAME))
    obtained_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant)
    withdrawn_at: Named[datetime | None] = Column(Instant)


consents = Table("consents", metadata, ConsentColumns, sqlite_autoincrement=True)


class ConflictColumns(Arriving):
    """What the check found an avatar too like to: ``other``, by which of their pictures, and what became of it."""

    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), index=True)
    other: Named[str] = Column(String(ID), ForeignKey("avatars.id"), index=True)
    reason: Named[ConflictReason] = Column(Choice(ConflictReason))
    similarity: Named[float | None] = Column(Float)
    probability: Named[float | None] = Column(Float)
    picture: Named[bytes | None] = Column(LargeBinary(32))
    other_picture: Named[bytes | None] = Column(LargeBinary(32))
    found_at: Named[datetime] = Column(Instant)
    resolution: Named[Resolution | None] = Column(Choice(Resolution))
    resolved_at: Named[datetime | None] = Column(Instant)


conflicts = Table("conflicts", metadata, ConflictColumns, sqlite_autoincrement=True)
