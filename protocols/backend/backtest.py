"""Back-tests of a policy, as they cross the wire."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from protocols.backend.part import Moment, Part
from protocols.backend.verdict import Rule
from protocols.backtest import Outcome
from protocols.case import CaseState
from protocols.ladder import Rung

MOST_AT_ONCE = 20


class BackTestRequest(Part):
    """A policy to try, and on which sessions. Give `document`, or `policy`."""

    policy: str | None = Field(
        None, max_length=64, description="A policy that is written: a name, or `name@version`.", examples=["brisk@1"]
    )
    document: dict[str, Any] | None = Field(
        None,
        description="A draft: what it leaves out has its default. It is not kept.",
        examples=[{"presence": {"absent_after_s": 40}}],
    )
    cut: bool = Field(False, description="Only sessions that were cut.")
    since: Moment | None = Field(None, description="Only those attached from this moment on.")
    before: Moment | None = Field(None, description="Only those attached before this one.")
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = Field(
        10, description="How many at once; judging again takes a while.", examples=[10]
    )
    cursor: str | None = Field(None, max_length=64, description="`next` of the page before.")

    @model_validator(mode="after")
    def _one_policy(self) -> Self:
        if (self.policy is None) == (self.document is None):
            raise ValueError("give either a policy that is written, or the document of a draft")
        return self


class TrialView(Part):
    """One session, as it came out and as it would have by the policy that is tried."""

    session: str = Field(description="Id of the session.", examples=["ses_4f1c2e9p0k3mt"])
    avatar: str = Field(description="Id of the avatar.", examples=["av_9s1d0k4w7e2xn"])
    account: str = Field(description="The broadcaster's account.", examples=["channel-1187"])
    attached_at: Moment = Field(description="When it was attached.", examples=["2026-11-22T08:30:00Z"])
    judged_by: str = Field(description="The policy that it was judged by.", examples=["standard@1"])
    then: Annotated[Outcome, Field(strict=False)] = Field(
        description="passed: never suspected; warned: came onto the ladder; cut.", examples=["cut"]
    )
    ordered: bool = Field(description="Whether a person had it cut, whatever was seen.")
    outcome: Annotated[Outcome, Field(strict=False)] = Field(
        description="The same by the policy that is tried.", examples=["warned"]
    )
    rung: Annotated[Rung, Field(strict=False)] = Field(
        description="The highest rung that it comes to by then.", examples=["grace"]
    )
    at: float | None = Field(description="When it comes there, media seconds.", examples=[96.2])
    cause: Rule | None = Field(description="For which rule.", examples=["presence"])
    p_human: float | None = Field(description="The lowest probability that a person drives.", examples=[0.02])
    anew: bool = Field(
        description="Whether the judge was told again what the case keeps; else what stands in the ledger was weighed."
    )
    case: str | None = Field(description="Its newest case.", examples=["case_3k9d7m2x8q0ab"])
    case_state: Annotated[CaseState | None, Field(strict=False)] = Field(
        description="How people decided it.", examples=["overturned"]
    )
    trouble: str | None = Field(description="Why its observations were not judged again, where they were kept.")


class BackTestView(Part):
    """Some sessions, newest first."""

    policy: str = Field(description="The policy that is tried; `draft` where it is not written.", examples=["draft"])
    items: list[TrialView] = Field(description="The sessions.")
    next: str | None = Field(description="Where to go on; null at the end.", examples=[None])
