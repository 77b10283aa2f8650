"""The ledger as an auditor reads it: entries with the proof that they are in it."""

from typing import Annotated, Any

from pydantic import Field

from protocols.backend.part import Part
from protocols.chain import Entry
from protocols.merkle import LONGEST_PROOF

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

_NOTE = "nakanohito.example/ledger\n118\nqrLM3e7/ABEi…=\n\n— nakanohito.example/ledger 0A1b…\n"


class EntryView(Part):
    """One entry of the ledger; `hash` is made of all other fields, so that it shows when one was altered."""

    number: int = Field(ge=1, description="Counts from 1, without a gap.", examples=[117])
    at: str = Field(
        description="When it was written (UTC, microseconds).", examples=["2026-11-22T08:30:00.000000+00:00"]
    )
    kind: str = Field(description="What it is.", examples=["cut.confirmed"])
    session: str = Field(description="Of which session, if of one.", examples=["ses_4f1c2e9p0k3mt"])
    subject: str = Field(description="What it is about, such as a cut.", examples=["cut_3k9d7m2x8q0ab"])
    body: str = Field(description="What it says: JSON, as stored to the byte.", examples=['{"driver":"AI"}'])
    previous: Hash = Field(description="Hash of the entry before.", examples=["0" * 64])
    hash: Hash = Field(description="Its own hash.", examples=["9f" * 32])

    @classmethod
    def of(cls, entry: Entry) -> "EntryView":
        """As the wire has it."""
        return cls(
            number=entry.number,
            at=entry.at,
            kind=entry.kind,
            session=entry.session,
            subject=entry.subject,
            body=entry.body.decode(),
            previous=entry.previous.hex(),
            hash=entry.hash.hex(),
        )

    def entry(self) -> Entry:
        """As the ledger has it."""
        fields: dict[str, Any] = self.model_dump()
        binary = {
            "previous": bytes.fromhex(self.previous),
            "hash": bytes.fromhex(self.hash),
            "body": self.body.encode(),
        }
        return Entry(**(fields | binary))


class InclusionView(Part):
    """An entry, and the proof that it is among those that a signed checkpoint counts (RFC 9162)."""

    entry: EntryView = Field(description="The entry.")
    checkpoint: str = Field(
        max_length=4096, description="The signed checkpoint (C2SP tlog-checkpoint).", examples=[_NOTE]
    )
    proof: Annotated[list[Hash], Field(max_length=LONGEST_PROOF)] = Field(
        description="Hashes beside the entry's way to the root, from the leaf upwards.", examples=[["9f" * 32]]
    )


class ConsistencyView(Part):
    """The proof that the ledger still begins with the entries that an earlier checkpoint counted (RFC 9162)."""

    size: int = Field(ge=1, description="Entries that the earlier checkpoint counted.", examples=[80])
    checkpoint: str = Field(max_length=4096, description="The signed checkpoint of now.", examples=[_NOTE])
    proof: Annotated[list[Hash], Field(max_length=LONGEST_PROOF)] = Field(
        description="Hashes that tie the earlier root to this one.", examples=[["9f" * 32]]
    )
