"""What became of each stream, from the service's own events, and whether that is what should have become of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from protocols.evidence import RuleName
from protocols.ladder import CUTS, Rung
from protocols.verdict import Driver
from samples.scenario import Scenario

__all__ = ["Outcome", "Record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a stream ended; ``seconds`` from the beginning of the cause to the confirmed cut, ``wrong`` what is wrong."""

    scenario: Scenario
    driver: Driver
    p_human: float | None
    cut: bool
    rule: RuleName | None
    seconds: float | None
    passed: int
    asked: int
    wrong: str | None

    @property
    def as_expected(self) -> bool:
        """Whether the stream was judged rightly."""
        return self.wrong is None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "stream": self.scenario.name,
            "what": self.scenario.title,
            "verdict": self.driver.value,
            "p_human": self.p_human,
            "cut": self.cut,
            "cause": None if self.rule is None else self.rule.value,
            "seconds_from_cause_to_cut": self.seconds,
            "challenges_asked": self.asked,
            "challenges_passed": self.passed,
            "expected": sorted(rule.value for rule in self.scenario.expected) or ["stays up"],
            "as_expected": self.as_expected,
            "wrong": self.wrong,
        }


@dataclass(slots=True)
class Record:
    """What was heard of one stream so far. Moments are seconds since the epoch."""

    scenario: Scenario
    state: str = "pending"
    driver: Driver = Driver.UNKNOWN
    p_human: float | None = None
    rung: Rung = Rung.WATCHING
    rung_cause: str | None = None
    rung_until: float | None = None
    live_at: float | None = None
    swapped_at: float | None = None
    cut_at: float | None = None
    rule: RuleName | None = None
    gesture: str | None = None
    gesture_until: float | None = None
    asked: int = 0
    passed: int = 0
    present: bool = False
    dropped: int = 0
    last: str = "waits for its picture"
    news: list[tuple[float, str]] = field(default_factory=list)

    @property
    def cause_at(self) -> float | None:
        """When the cause of a cut began; None before it did."""
        return self.swapped_at if self.scenario.swap_to else self.live_at

    @property
    def decided(self) -> bool:
        """Whether nothing more is to be waited for: it was cut, or a driver who was asked has passed."""
        if self.scenario.stays:
            return self.driver is Driver.HUMAN and self.passed > 0
        return self.cut_at is not None or self.state == "ended"

    def hear(self, event: dict[str, Any]) -> None:
        """Take in an event of the service."""
        moment, data = datetime.fromisoformat(event["at_utc"]).timestamp(), event["data"]
        match event["type"].split("."):
            case ["session", what]:
                self._stand(moment, what, data)
            case ["operator", what]:
                self.present = what == "present"
                self._note(moment, "the operator is there" if self.present else f"no operator: {data['cause']}")
            case _:
                self._judgement(moment, event["type"], data)

    def _stand(self, moment: float, what: str, data: dict[str, Any]) -> None:
        match what:
            case "live":
                self.state, self.live_at = "live", moment
                self._note(moment, "is live")
            case "blind":
                self.state = "blind"
                self._note(moment, f"the monitor cannot see: {data['cause']}")
            case "sighted":
                self.state = "live"
                self._note(moment, "seen again")
            case "ended":
                self.state = data["state"]
                if self.cut_at is None:
                    self._note(moment, data["because"])
            case _:
                pass

    def _judgement(self, moment: float, kind: str, data: dict[str, Any]) -> None:
        match kind:
            case "verdict.changed":
                self._verdict(moment, data)
            case "ladder.step":
                self._step(moment, data)
            case "challenge.asked":
                self.gesture, self.gesture_until = _asked(data), moment + data["within"]
                self.asked += 1
                self._note(moment, f"asked: {_asked(data)}")
            case "challenge.judged":
                self._judged(moment, data)
            case "cut.intended":
                self._note(moment, f"is to be cut: {data['cause']}")
            case "cut.failed":
                self._note(moment, f"the cut failed: {data['failure']}")
            case "cut.confirmed":
                self.cut_at, self.rule = moment, RuleName(data["rule"])
                self._note(moment, f"cut: {data['cause']}")
            case _:
                pass

    def tell(self, said: dict[str, Any]) -> None:
        """Take in what the stream's own process says; only the moment of a swap matters."""
        if said.get("event") == "swapped":
            self.swapped_at = said["at"]
            self._note(said["at"], f"{said['avatar'].capitalize()} in the place of {self.scenario.avatar.capitalize()}")

    def look(self, status: dict[str, Any]) -> None:
        """Take in how the session stands."""
        if status["verdict"] is not None and self.cut_at is None:
            self.driver, self.p_human = Driver(status["verdict"]["driver"]), status["verdict"]["p_human"]
        self.dropped = max(self.dropped, status["frames_dropped"])

    def outcome(self) -> Outcome:
        """What became of it."""
        seconds = None
        if self.cut_at is not None and self.cause_at is not None:
            seconds = round(self.cut_at - self.cause_at, 2)
        return Outcome(
            scenario=self.scenario,
            driver=self.driver,
            p_human=self.p_human,
            cut=self.cut_at is not None,
            rule=self.rule,
            seconds=seconds,
            passed=self.passed,
            asked=self.asked,
            wrong=self._wrong(),
        )

    def _wrong(self) -> str | None:
        if self.scenario.stays:
            if self.cut_at is not None or self.state not in ("live", "ended"):
                return f"was to stay up and is {self.state}"
            return None if self.driver is Driver.HUMAN else f"was to be HUMAN and is {self.driver.value}"
        if self.cut_at is None:
            return "was to be cut and was not"
        if self.rule not in self.scenario.expected:
            return f"was cut for another cause: {self.rule}"
        if self.cause_at is None or self.cut_at < self.cause_at:
            return "was cut before there was a cause"
        return None

    def _verdict(self, moment: float, data: dict[str, Any]) -> None:
        before = self.driver
        self.driver, self.p_human = Driver(data["driver"]), data["p_human"]
        if self.driver is not before:
            self._note(moment, f"{self.driver.value}, {100 * data['p_human']:.0f} %")

    def _step(self, moment: float, data: dict[str, Any]) -> None:
        self.rung, self.rung_cause = Rung(data["rung"]), data["cause"]
        self.rung_until = None if data["ends_in"] is None else moment + data["ends_in"]
        if self.rung is Rung.WATCHING:
            self._note(moment, "all is well again")
        elif self.rung not in CUTS:
            self._note(moment, f"{self.rung.value}: {self.rung_cause}")

    def _judged(self, moment: float, data: dict[str, Any]) -> None:
        self.gesture = self.gesture_until = None
        self.passed += data["passed"] is True
        outcome = {True: "done", False: "not seen", None: "could not be judged"}[data["passed"]]
        self._note(moment, f"{_asked(data)}: {outcome}")

    def _note(self, moment: float, what: str) -> None:
        self.last = what
        self.news.append((moment, what))


def _asked(data: dict[str, Any]) -> str:
    """What was asked for, in words."""
    gestures = [data["gesture"], *data.get("then", ())] if data["gesture"] else ["digits"]
    return ", then ".join(gesture.replace("_", " ") for gesture in gestures)
