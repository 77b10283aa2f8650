"""Health of the service as a load balancer reads it."""

from pydantic import Field

from protocols.backend.part import Part


class HealthView(Part):
    """Whether something is well, and if not, why."""

    ok: bool = Field(description="Whether it is.", examples=[True])
    reasons: list[str] = Field(
        default_factory=list, description="Why it is not, a sentence each.", examples=[["the ledger's disk is full"]]
    )
