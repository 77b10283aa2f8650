"""Registrations changed in bulk, as they cross the wire."""

from typing import Annotated

from pydantic import Field

from protocols.backend.part import Identifier, Moment, Part, Sentence
from protocols.bulk import MOST, BatchState, EditAct


class BatchRequest(Part):
    """One act on many avatars and operators."""

    act: Annotated[EditAct, Field(strict=False)] = Field(
        description="suspend, reinstate or revoke; operators can be revoked alone.", examples=["suspend"]
    )
    subjects: Annotated[list[Identifier], Field(min_length=1, max_length=MOST)] = Field(
        description="Ids of avatars and operators.", examples=[["av_9s1d0k4w7e2xn"]]
    )
    reason: Sentence = Field(description="Why; kept in the ledger with each.", examples=["the studio has closed"])


class BatchView(Part):
    """A batch."""

    id: str = Field(description="Id of the batch.", examples=["bat_3k9d7m2x8q0ab"])
    act: Annotated[EditAct, Field(strict=False)] = Field(description="What is done.", examples=["suspend"])
    subjects: Annotated[list[str], Field(strict=False)] = Field(
        description="To which avatars and operators.", examples=[["av_9s1d0k4w7e2xn"]]
    )
    because: str = Field(description="Why.", examples=["the studio has closed"])
    by: str = Field(description="Which key or account proposed it.", examples=["key_1b2c8e0t5m3vz"])
    at: Moment = Field(description="When.", examples=["2026-11-22T08:40:00Z"])
    state: Annotated[BatchState, Field(strict=False)] = Field(
        description="waiting: another key or account is to approve; approved: being carried out; done; rejected.",
        examples=["waiting"],
    )
    settled_by: str | None = Field(description="Which key or account approved or rejected.", examples=[None])
    settled_because: str | None = Field(description="Why.", examples=[None])
    settled_at: Moment | None = Field(description="When.", examples=[None])
    outcome: dict[str, str] = Field(
        description="What became of each: `done`, or why not.", examples=[{"av_9s1d0k4w7e2xn": "done"}]
    )

    @classmethod
    def of(cls, batch: object) -> "BatchView":
        """The batch, for the wire."""
        return cls.model_validate(batch, from_attributes=True)
