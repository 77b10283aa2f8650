"""The tables of those who use the service: their keys, accounts and sign-ins, and what they change."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
)

from protocols.bulk import BatchState, EditAct
from registry.column import Choice, Document, Instant
from registry.schema.table import ID, NAME, Arriving, metadata
from registry.state import AccountState, Role, SignInMethod


class ApiKeyColumns(Arriving):
    """``digest`` is the SHA-256 of the secret; the secret itself is nowhere."""

    name: Named[str] = Column(String(NAME))
    digest: Named[bytes] = Column(LargeBinary(32))
    scopes: Named[list[str]] = Column(Document)
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    revoked_at: Named[datetime | None] = Column(Instant)


api_keys = Table("api_keys", metadata, ApiKeyColumns, sqlite_autoincrement=True)


class AccountColumns(Arriving):
    """Somebody who moderates; ``name`` is a handle that colleagues know, never a person's name."""

    name: Named[str] = Column(String(NAME))
    name_key: Named[str] = Column(String(NAME), unique=True)
    role: Named[Role] = Column(Choice(Role))
    state: Named[AccountState] = Column(Choice(AccountState))
    created_at: Named[datetime] = Column(Instant)
    created_by: Named[str] = Column(String(NAME))
    issuer: Named[str | None] = Column(String(NAME))
    subject: Named[bytes | None] = Column(LargeBinary(32))
    """Digest of the OpenID provider's issuer and subject: the account is found by it, neither can be read from it."""


accounts = Table(
    "accounts",
    metadata,
    AccountColumns,
    Index("uq_accounts_subject", "subject", unique=True),
    sqlite_autoincrement=True,
)


class SignInColumns(Arriving):
    """An account that is signed in on one browser; ``digest`` is the SHA-256 of its cookie's token."""

    account: Named[str] = Column(String(ID), ForeignKey("accounts.id"), index=True)
    digest: Named[bytes] = Column(LargeBinary(32), unique=True)
    method: Named[SignInMethod] = Column(Choice(SignInMethod))
    begun_at: Named[datetime] = Column(Instant)
    seen_at: Named[datetime] = Column(Instant)
    stepped_up_at: Named[datetime | None] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    provider: Named[str | None] = Column(String(NAME))


signins = Table("signins", metadata, SignInColumns, sqlite_autoincrement=True)


class RequestColumns(TypedColumns):
    """A request that carried an Idempotency-Key; ``status`` is null while it is being answered."""

    api_key: Named[str] = Column(String(ID), primary_key=True)
    idempotency_key: Named[str] = Column(String(NAME), primary_key=True)
    digest: Named[bytes] = Column(LargeBinary(32))
    ticket: Named[str] = Column(String(ID))
    begun_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant, index=True)
    status: Named[int | None]
    headers: Named[dict[str, str] | None] = Column(Document)
    body: Named[bytes | None] = Column(LargeBinary)


requests = Table("requests", metadata, RequestColumns)


class EditColumns(TypedColumns):
    """Registrations that one key or account has changed by itself of late."""

    seq: Named[int] = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    by: Named[str] = Column(String(NAME), index=True)
    at: Named[datetime] = Column(Instant)
    count: Named[int] = Column(Integer)


edits = Table("edits", metadata, EditColumns, sqlite_autoincrement=True)


class BatchColumns(Arriving):
    """One act on many registrations, which waits for another key or account."""

    act: Named[EditAct] = Column(Choice(EditAct))
    subjects: Named[list[str]] = Column(Document)
    because: Named[str] = Column(Text)
    by: Named[str] = Column(String(NAME))
    at: Named[datetime] = Column(Instant)
    state: Named[BatchState] = Column(Choice(BatchState))
    settled_by: Named[str | None] = Column(String(NAME))
    settled_because: Named[str | None] = Column(Text)
    settled_at: Named[datetime | None] = Column(Instant)
    outcome: Named[dict[str, str]] = Column(Document)


batches = Table("batches", metadata, BatchColumns, sqlite_autoincrement=True)
