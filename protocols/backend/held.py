"""Whether all cuts are held."""

from pydantic import Field

from protocols.backend.part import Part


class HeldView(Part):
    """Many sessions lost their operators at once, or not: while they have, no ladder climbs and nothing is cut."""

    held: bool = Field(description="Whether all cuts are held.", examples=[True])
    because: str | None = Field(
        None,
        description="What happened, in words.",
        examples=["12 of 40 sessions lost their operators at once (channel down: 11, no answer: 1)"],
    )
    lapsed: int = Field(0, ge=0, description="How many sessions lapsed together.", examples=[12])
    of: int = Field(0, ge=0, description="Of how many that had an operator.", examples=[40])
    losses: dict[str, int] = Field(
        default_factory=dict,
        description="How they were lost: no_answer (connected and silent), channel_down, protocol.",
        examples=[{"channel_down": 11, "no_answer": 1}],
    )
    lost: int = Field(0, ge=0, description="How many of all sessions are without their operators now.", examples=[9])
