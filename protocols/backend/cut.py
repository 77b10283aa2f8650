"""Cuts as the backend reads and restores them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from protocols.backend.part import Moment, Part, Sentence
from protocols.backend.session import PlacementRequest
from protocols.backend.verdict import Rule
from protocols.measure import LONGEST_S, MeasureKind, StrikeSubject

CutStanding = Literal["intended", "confirmed", "failed", "restored"]


class RestoreRequest(Part):
    """Why a cut stream may publish again."""

    reason: Sentence = Field(description="Kept in the ledger.", examples=["appeal upheld: the operator was there"])


class OrderRequest(Part):
    """A person's order to take a stream off air."""

    rule: Rule = Field(description="The rule that it is cut for.", examples=["driving"])
    measure: Annotated[MeasureKind, Field(strict=False)] = Field(
        MeasureKind.DROP, description="drop, or forbid until a time.", examples=["forbid"]
    )
    seconds: float = Field(gt=0, le=LONGEST_S, description="How long it lasts; 90 days at most.", examples=[3600])
    reason: Sentence = Field(description="Told to the backend, kept in the ledger.", examples=["nobody drives it"])


class StrikeView(Part):
    """One cut that counts, or counted, against an avatar, an operator or an account."""

    id: str = Field(description="Id of the strike.", examples=["str_3k9d7m2x8q0ab"])
    cut: str = Field(description="The cut that it is for.", examples=["cut_3k9d7m2x8q0ab"])
    kind: Annotated[StrikeSubject, Field(strict=False)] = Field(
        description="Against what it stands.", examples=["avatar"]
    )
    subject: str = Field(description="Id of the avatar or operator, or the account.", examples=["av_9s1d0k4w7e2xn"])
    rule: Rule = Field(description="The rule that was broken.", examples=["presence"])
    at: Moment = Field(description="When the cut was confirmed.", examples=["2026-11-22T08:31:00Z"])
    taken_back_at: Moment | None = Field(
        None, description="When it was taken back; null while it stands.", examples=[None]
    )

    @classmethod
    def of(cls, strike: object) -> "StrikeView":
        """The strike, for the wire. ``strike``: a strike as it is kept, with attributes of these names."""
        return cls.model_validate(strike, from_attributes=True)


class CutView(Part):
    """One cut: the intent that was recorded before the act, and the receipt after it."""

    id: str = Field(
        description="Id of the cut; also the idempotency key towards the media server.", examples=["cut_3k9d7m2x8q0ab"]
    )
    session: str = Field(description="Id of the session that was cut.", examples=["ses_4f1c2e9p0k3mt"])
    avatar: str = Field(description="Id of the avatar that the session claimed.", examples=["av_9s1d0k4w7e2xn"])
    epoch: int = Field(description="Fencing epoch of the session at the cut.", examples=[1])
    rule: Rule = Field(description="The rule that it was cut for.", examples=["presence"])
    cause: str = Field(description="Why, in one sentence.", examples=["no operator of the roster is connected"])
    state: CutStanding = Field(
        description="intended: recorded, not yet confirmed; confirmed: the media server says that the publisher is "
        "gone; failed: could not be confirmed (may still be, later); restored: may publish again.",
        examples=["confirmed"],
    )
    enforcer: str = Field(description="What cuts it: the kind of enforcer.", examples=["nginx-rtmp"])
    placement: PlacementRequest | None = Field(None, description="Where it was cut; null for WHIP sessions.")
    measure: Annotated[MeasureKind, Field(strict=False)] = Field(
        MeasureKind.FORBID,
        description="drop: may publish again after the pause that `until` ends; forbid: off air until then.",
        examples=["forbid"],
    )
    decided_by: str = Field(
        "policy", description="The policy that decided, or the key of the person who did.", examples=["standard@1"]
    )
    strike: int = Field(0, ge=0, description="Which strike this is by the policy's count; 0: none.", examples=[2])
    decided_at: Moment = Field(description="When the intent was recorded.", examples=["2026-11-22T08:31:00Z"])
    confirmed_at: Moment | None = Field(
        None, description="When it was seen to be gone.", examples=["2026-11-22T08:31:00.121Z"]
    )
    seconds: Annotated[float, Field(ge=0)] | None = Field(
        None, description="Seconds from the cause to the confirmation.", examples=[0.12]
    )
    until: Moment | None = Field(
        None,
        description="Until when it may not publish again; null: until restored.",
        examples=["2026-11-22T09:31:00Z"],
    )
    steps: Annotated[list[dict[str, Any]], Field(strict=False)] = Field(
        default_factory=list,
        description="The ladder as it was climbed, and what was tried to cut it.",
        examples=[[{"rung": "notify", "at": 61.2}]],
    )
    evidence: dict[str, Any] = Field(
        default_factory=dict,
        description="The verdict that it rests on, as it stands in the ledger.",
        examples=[{"driver": "AI", "p_human": 0.01, "policy": "standard@1"}],
    )

    @classmethod
    def of(cls, cut: object) -> "CutView":
        """The cut, for the wire. ``cut``: a cut as it is kept, with attributes of these names."""
        return cls.model_validate(cut, from_attributes=True)


class RestoredView(CutView):
    """A cut after somebody has asked to restore it."""

    case: str = Field(description="Its case, which the restore overturns.", examples=["case_3k9d7m2x8q0ab"])
    waits: bool = Field(description="Whether another person must ask for the same before it is done.", examples=[False])
    restored_at: Moment | None = Field(
        description="When the media server lets it in again; null while it does not.", examples=["2026-11-22T09:00:00Z"]
    )
