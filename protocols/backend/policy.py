"""Policies as the backend reads them."""

from typing import Any

from pydantic import Field

from protocols.backend.part import Moment, Part


class PolicyView(Part):
    """One version of a policy."""

    id: str = Field(description="What verdicts and sessions name.", examples=["standard@1"])
    name: str = Field(description="Name of the policy.", examples=["standard"])
    version: int = Field(description="Rises with every change; a version never changes.", examples=[1])
    written_at: Moment = Field(description="When this version was written.", examples=["2026-11-01T10:00:00Z"])
    document: dict[str, Any] = Field(description="Every threshold and every duration.", examples=[{"mixed": "warn"}])
