"""Likeness: the avatar on screen is the one that the session claims. It says nothing about who drives."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from protocols.evidence import Evidence, Finding, RuleName
from protocols.likeness import LikenessCalibration, LikenessState, LikenessTrack
from protocols.observation import Forgotten, Look, Observation, Rival
from protocols.policy import LikenessPolicy


class LikenessRule:
    """Every look is fused with those before; the finding is the track's, with its hysteresis."""

    name = RuleName.LIKENESS

    def __init__(
        self,
        claimed: NDArray[np.float32],
        gallery: Mapping[str, NDArray[np.float32]],
        calibration: LikenessCalibration,
        policy: LikenessPolicy,
        *,
        name: str = "",
    ) -> None:
        """``name``: the claimed avatar's, by which it may be forgotten; then there is nothing left to be like."""
        self.track = LikenessTrack(claimed, gallery, calibration, policy)
        self.state: LikenessState | None = None
        self._claimed: str | None = name
        self._first: float | None = None

    def adopt(self, policy: LikenessPolicy) -> None:
        """Find by another policy from the next look on."""
        self.track.adopt(policy)

    def observe(self, observation: Observation) -> None:
        """Take a look, another avatar that it may be, or one to compare with no longer."""
        if self._claimed is None:
            return
        match observation:
            case Rival():
                self.track.join(observation.avatar, observation.references)
            case Look():
                self._first = observation.at if self._first is None else self._first
                self.state = self.track.look(observation)
            case Forgotten():
                self._forget(observation.avatar)
            case _:
                pass

    def _forget(self, avatar: str) -> None:
        if avatar == self._claimed:
            self.track.forget_all()
            self._claimed = self.state = None
        else:
            self.track.forget(avatar)

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """The facts, with no weight: whose likeness it is does not tell who drives it."""
        if self.state is None:
            return ()
        best = self.state.best_other
        facts = (
            ("probability", round(self.state.probability, 4)),
            ("similarity", None if self.state.similarity is None else round(self.state.similarity, 4)),
            ("most_like_otherwise", None if best is None else best[0]),
            ("changed_at", self.state.changed_at),
        )
        return (Evidence(rule=self.name, start=self._first or 0.0, end=self.state.at, weight=0.0, facts=facts),)

    def finding(self, at: float) -> Finding:
        """PASS, FAIL or UNKNOWN."""
        return Finding.UNKNOWN if self.state is None else self.state.verdict
