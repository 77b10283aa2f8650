"""Likeness over time: looks at the avatar on screen, one after the other, become a standing answer.

Every look gives a log-likelihood ratio: the avatar is the claimed one, against it is another registered one or one
that nobody registered. Ratios are capped, since a look can be wrong as a whole, and fused with a fading memory, so
that two looks suffice to notice that the avatar was swapped. Not seen well enough is unknown, never a mismatch.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from protocols.evidence import Finding, capped, probability
from protocols.observation import Look
from protocols.policy import LikenessPolicy

_BEST = 2  # references that a look is compared by: one alone may agree by chance
_SAME_PICTURES = 0.985  # mean best similarity from which two sets of references are one and the same likeness
_UNREGISTERED = 0.5  # prior share of avatars in no registry among those that are not the claimed one


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessCalibration:
    """What an encoder's similarities mean; measured on avatars it was not trained on, and kept with its weights.

    ``centre``: similarity (-1..1) that speaks neither for nor against; ``slope``: nats per unit of similarity;
    ``cap``: the most that one look says, in nats; ``memory``: share 0..1 of what was known that a further look leaves;
    ``independent_s``: looks closer than so many seconds repeat each other and count in proportion;
    ``least_confidence``: below it nothing was seen; ``full_confidence``: from it on a look counts in full;
    ``least_against``: below it a look can speak for an avatar, never against it: what is half hidden is like nobody;
    ``stale_s``: an answer holds for so many seconds after the last look that showed the avatar.
    """

    centre: float
    slope: float
    cap: float
    memory: float
    independent_s: float
    least_confidence: float
    full_confidence: float
    stale_s: float
    least_against: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            if not math.isfinite(getattr(self, field.name)):
                raise ValueError(f"{field.name} of a likeness calibration must be a finite number")
        if not -1 <= self.centre <= 1:
            raise ValueError("centre is a similarity, -1..1")
        if min(self.slope, self.cap, self.independent_s, self.stale_s) <= 0:
            raise ValueError("slope, cap, independent_s and stale_s must be above zero")
        if not 0 <= self.memory < 1:
            raise ValueError("memory is a share from 0 to below 1")
        if not 0 <= self.least_confidence < self.full_confidence <= 1:
            raise ValueError("0 <= least_confidence < full_confidence <= 1 must hold")
        if not self.least_confidence <= self.least_against < self.full_confidence:
            raise ValueError("least_against lies between least_confidence and full_confidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessState:
    """What is known after a look.

    ``probability`` 0..1 and ``log_odds`` (nats) that the claimed avatar is on screen; ``weight``: what this look
    alone said (nats, 0 where it showed nothing); ``similarity`` of this look to the claimed avatar, ``best_other``
    the registered avatar that it is most like otherwise, with that similarity; ``score``: mean log-odds of the
    claimed avatar over all looks so far, comparable between streams; ``changed_at``: media time of the first look
    at an avatar that replaced the claimed one, ``noticed_at`` of the look at which that was clear.
    """

    at: float
    verdict: Finding
    probability: float
    log_odds: float
    weight: float
    similarity: float | None
    best_other: tuple[str, float] | None
    score: float
    changed_at: float | None
    noticed_at: float | None


def similarity(references: NDArray[np.float32], vector: NDArray[np.float32]) -> float:
    """Mean of the two best cosines of ``vector`` (d,) with ``references`` (n, d), all of length one."""
    cosines = references @ vector
    return float(np.sort(cosines)[-_BEST:].mean())


class LikenessTrack:
    """One stream's likeness to the avatar it claims, look by look.

    ``claimed`` (n, d): reference vectors of the claimed avatar; ``gallery``: (n, d) of each other registered avatar
    that it may be confused with. One whose references are the claimed avatar's own pictures is no rival to it.
    Raises ValueError for references that are empty, of different lengths or not finite.
    """

    def __init__(
        self,
        claimed: NDArray[np.float32],
        gallery: Mapping[str, NDArray[np.float32]],
        calibration: LikenessCalibration,
        policy: LikenessPolicy,
    ) -> None:
        self._names = tuple(gallery)
        sets = [_checked(r, claimed) for r in (claimed, *gallery.values())]
        self._references = np.concatenate(sets)
        self._owner = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
        self._twin = np.array([False, *(_same(sets[0], s) for s in sets[1:])])
        self._calibration, self._policy = calibration, policy
        self._log_odds, self._verdict = 0.0, Finding.UNKNOWN
        self._looked_at, self._seen_at = -math.inf, -math.inf
        self._against_since: float | None = None
        self._was_claimed = False
        self._changed_at: float | None = None
        self._noticed_at: float | None = None
        self._sums, self._weight = np.zeros(len(sets)), 0.0

    def adopt(self, policy: LikenessPolicy) -> None:
        """Find by another policy from the next look on."""
        self._policy = policy

    def look(self, look: Look) -> LikenessState:
        """Take one look, in the order of media time.

        Raises ValueError for a vector of another length than the references', and for one that is not finite.
        """
        if look.vector is None or not look.confidence >= self._calibration.least_confidence:
            return self._unseen(look.at)
        similarities = self._similarities(look.vector)
        odds = self._odds(similarities)
        trust = self._trust(look.confidence, against=bool(odds[0] < 0))
        if trust == 0.0:
            return self._unseen(look.at, similarities)
        self._sums += trust * odds
        self._weight += trust
        weight = trust * capped(float(odds[0]), self._calibration.cap)
        self._fuse(look, weight)
        self._judge(look.at, weight)
        return self._state(look.at, weight, similarities)

    def join(self, name: str, references: NDArray[np.float32]) -> None:
        """Weigh from now on whether ``name`` with ``references`` (n, d) is on screen; known ones stay as they are.

        Raises ValueError for references that are not as those there are.
        """
        if name in self._names:
            return
        claimed = self._references[self._owner == 0]
        checked = _checked(references, claimed)
        self._owner = np.concatenate([self._owner, np.full(len(checked), len(self._sums))])
        self._references = np.concatenate([self._references, checked])
        self._twin = np.append(self._twin, _same(claimed, checked))
        self._sums = np.append(self._sums, 0.0)
        self._names = (*self._names, name)

    def forget(self, name: str) -> None:
        """Hold the references of ``name`` no longer; one that is not weighed is no mistake."""
        if name not in self._names:
            return
        number = self._names.index(name) + 1
        gone = self._owner == number
        self._references[gone] = 0.0  # what was purged is not left behind
        self._references = self._references[~gone]
        self._owner = self._owner[~gone]
        self._owner[self._owner > number] -= 1
        self._twin, self._sums = np.delete(self._twin, number), np.delete(self._sums, number)
        self._names = tuple(other for other in self._names if other != name)

    def forget_all(self) -> None:
        """Hold no reference any more, the claimed avatar's neither; no further look can be taken."""
        self._references[:] = 0.0
        self._references = self._references[:0]

    def standing(self) -> dict[str, float]:
        """For each avatar of the gallery the mean log-odds (nats), over all looks so far, that it is on screen."""
        means = self._sums / self._weight if self._weight else self._sums
        return dict(zip(self._names, (float(m) for m in means[1:]), strict=True))

    def _trust(self, confidence: float, *, against: bool) -> float:
        """How far a look counts, 0..1. To speak against the claimed avatar, it must have been seen better."""
        full = self._calibration.full_confidence
        if against:
            least = self._calibration.least_against
            return min(1.0, max(0.0, (confidence - least) / (full - least)))
        least = self._calibration.least_confidence
        return min(1.0, 0.25 + 0.75 * (confidence - least) / (full - least))

    def _similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        if vector.shape != (self._references.shape[1],) or not np.isfinite(vector).all():
            raise ValueError(f"a look's vector has {self._references.shape[1]} finite numbers, as the references have")
        cosines = (self._references @ vector).tolist()
        ends = self._owner.searchsorted(np.arange(1, len(self._sums) + 1)).tolist()  # those of one owner lie together
        best = [sorted(cosines[start:end])[-_BEST:] for start, end in zip([0, *ends], ends, strict=False)]
        return np.array([sum(own) / len(own) for own in best])

    def _odds(self, similarities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds (nats, with even prior odds) of each avatar against the others and the unregistered."""
        ratios = self._calibration.slope * (similarities - self._calibration.centre)
        likely = np.exp(np.clip(ratios, -30, 30))
        rivals = max(1, len(likely) - 1)
        others = likely.sum() - likely
        others[0] -= likely[self._twin].sum()
        others[self._twin] -= likely[0]
        share = 1 - _UNREGISTERED if len(likely) > 1 else 0.0
        return np.asarray(ratios - np.log((1 - share) + share * np.maximum(others, 0) / rivals))

    def _fuse(self, look: Look, weight: float) -> None:
        calibration = self._calibration
        elapsed = max(0.0, look.at - self._looked_at)
        share = 1.0 if look.fresh else min(1.0, elapsed / calibration.independent_s)
        faded = self._log_odds * calibration.memory ** (share + (1.0 if look.fresh else 0.0))
        self._log_odds = faded + share * weight
        self._looked_at = self._seen_at = look.at

    def _judge(self, at: float, weight: float) -> None:
        if weight >= 0:
            self._against_since = None
        elif self._against_since is None:
            self._against_since = at
        likely = probability(self._log_odds)
        match self._verdict:
            case Finding.PASS if likely >= 0.5:
                return
            case Finding.FAIL if likely <= 0.5:
                return
            case _:
                pass
        if likely >= self._policy.pass_at:
            self._verdict, self._was_claimed = Finding.PASS, True
        elif likely <= self._policy.fail_at:
            self._verdict = Finding.FAIL
            if self._was_claimed:
                self._changed_at, self._noticed_at = self._against_since, at
                self._was_claimed = False
        else:
            self._verdict = Finding.UNKNOWN

    def _unseen(self, at: float, similarities: NDArray[np.float64] | None = None) -> LikenessState:
        """A look that says nothing; ``similarities`` where there was a vector all the same."""
        if at - self._seen_at > self._calibration.stale_s:
            self._verdict, self._log_odds, self._against_since = Finding.UNKNOWN, 0.0, None
        return self._state(at, 0.0, similarities)

    def _state(self, at: float, weight: float, similarities: NDArray[np.float64] | None) -> LikenessState:
        best = None
        if similarities is not None and self._names:
            others = np.where(self._twin, -np.inf, similarities)[1:]
            index = int(np.argmax(others))
            best = (self._names[index], float(others[index])) if np.isfinite(others[index]) else None
        return LikenessState(
            at=at,
            verdict=self._verdict,
            probability=probability(self._log_odds),
            log_odds=self._log_odds,
            weight=weight,
            similarity=None if similarities is None else float(similarities[0]),
            best_other=best,
            score=float(self._sums[0] / self._weight) if self._weight else 0.0,
            changed_at=self._changed_at,
            noticed_at=self._noticed_at,
        )


def _checked(references: NDArray[np.float32], claimed: NDArray[np.float32]) -> NDArray[np.float32]:
    if references.ndim != 2 or not len(references) or references.shape[1] != claimed.shape[-1]:
        raise ValueError(f"references are (n, d) with n > 0 and one d for all, not {references.shape}")
    if not np.isfinite(references).all():
        raise ValueError("references must be finite")
    return references


def _same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two sets of references come from the same pictures."""
    cosines = one @ other.T
    return bool(min(cosines.max(axis=0).mean(), cosines.max(axis=1).mean()) >= _SAME_PICTURES)
