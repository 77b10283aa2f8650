"""Many cases decided at once."""

from typing import Annotated

from pydantic import Field

from protocols.backend.case import CaseView
from protocols.backend.part import Part, Sentence
from protocols.case import CaseDecision

MOST_AT_ONCE = 50


class DecideManyRequest(Part):
    """What is decided about several cases, each of which was looked at."""

    decision: Annotated[CaseDecision, Field(strict=False)] = Field(
        description="The same for all of them.", examples=["uphold"]
    )
    reason: Sentence = Field(description="The same for all of them.", examples=["one loop on ten channels"])
    cases: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[int, Field(ge=1)]],
        Field(min_length=1, max_length=MOST_AT_ONCE),
    ] = Field(description="Id of each case, and its `version` as it was read.", examples=[{"case_3k9d7m2x8q0ab": 1}])


class DecidedMany(Part):
    """What became of them."""

    cases: list[CaseView] = Field(description="Those that were decided or proposed.")
    refused: dict[str, str] = Field(
        description="Id of each other one, and why.", examples=[{"case_3k9d7m2x8q0ab": "it was changed meanwhile"}]
    )
