"""The ladder of a policy: the rungs before a cut for each cause, and the measures at its top."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from protocols.evidence import RuleName
from protocols.measure import LONGEST_S, Measure, MeasurePolicy, MeasuresPolicy, PolicyPart, StrikesPolicy, chosen

_ORDER = ("notify", "challenge", "grace", "slate")

RungSeconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class RungPolicy(PolicyPart):
    """One rung of a ladder and how long a session stands on it before the next."""

    rung: Literal["notify", "challenge", "grace", "slate"] = Field(
        description="slate: a notice over the picture, where the media server or the publisher's OBS can"
    )
    seconds: RungSeconds


def _rungs(*rungs: tuple[Literal["notify", "challenge", "grace", "slate"], float]) -> tuple[RungPolicy, ...]:
    return tuple(RungPolicy(rung=rung, seconds=seconds) for rung, seconds in rungs)


class LadderPolicy(PolicyPart):
    """The rungs before a cut, for each cause, and what the cut is.

    Every ladder begins by telling the operator, and takes each rung once at most, in the order in which they are
    named: notify, challenge, grace, slate.
    """

    driving: tuple[RungPolicy, ...] = _rungs(("notify", 5), ("challenge", 15), ("grace", 15))
    presence: tuple[RungPolicy, ...] = _rungs(("notify", 10), ("grace", 15))
    likeness: tuple[RungPolicy, ...] = _rungs(("notify", 5), ("grace", 10))
    measures: MeasuresPolicy = MeasuresPolicy()
    strikes: StrikesPolicy = StrikesPolicy()

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, document: Any) -> Any:
        """Read ``block_s``, by which earlier versions forbade alike for every cause."""
        document = _arrays(document)
        if not isinstance(document, dict) or "block_s" not in document:
            return document
        rest = {key: value for key, value in document.items() if key != "block_s"}
        seconds = document["block_s"]
        if "measures" in rest:
            raise ValueError("block_s is the measures of before; write one of them, and rather measures")
        if not (isinstance(seconds, int | float) and 0 < seconds <= LONGEST_S):
            raise ValueError("a policy cannot forbid for ever or for no time: write measures, each with its seconds")
        forbid = [{"from_strike": 1, "measure": "forbid", "seconds": seconds}]
        dropped = [{"from_strike": 1, "measure": "drop", "seconds": seconds}]
        return {
            **rest,
            "measures": dict.fromkeys(("driving", "likeness"), forbid)
            | dict.fromkeys(("presence", "challenge"), dropped),
        }

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for cause, rungs in (("driving", self.driving), ("presence", self.presence), ("likeness", self.likeness)):
            places = [_ORDER.index(rung.rung) for rung in rungs]
            if not places or places[0] != 0:
                raise ValueError(f"the operator is told first: begin the ladder of {cause} with the rung notify")
            if places != sorted(set(places)):
                order = ", ".join(_ORDER)
                raise ValueError(f"the rungs of {cause} are out of order: take each once at most, as in {order}")
        return self

    def rungs(self, cause: RuleName) -> tuple[RungPolicy, ...]:
        """The rungs for a cause: presence and likeness have their own, everything else is a matter of driving.

        An avatar that may not be on air has none: there is nothing that its operator could mend.
        """
        match cause:
            case RuleName.REGISTRATION:
                return ()
            case RuleName.PRESENCE:
                return self.presence
            case RuleName.LIKENESS:
                return self.likeness
            case _:
                return self.driving

    def measure(self, cause: RuleName, strikes: int, by: str) -> Measure:
        """What is done at the top for a cause, with ``strikes`` that stand already."""
        return chosen(self._measures(cause), strikes + 1, by)

    def _measures(self, cause: RuleName) -> tuple[MeasurePolicy, ...]:
        match cause:
            case RuleName.REGISTRATION:
                return self.measures.registration
            case RuleName.PRESENCE:
                return self.measures.presence
            case RuleName.LIKENESS:
                return self.measures.likeness
            case RuleName.CHALLENGE:
                return self.measures.challenge
            case _:
                return self.measures.driving


def _arrays(value: Any) -> Any:
    """The document with its lists as tuples: strict reading takes no list once a validator has had it."""
    if isinstance(value, dict):
        return {name: _arrays(one) for name, one in value.items()}
    return tuple(_arrays(one) for one in value) if isinstance(value, list) else value
