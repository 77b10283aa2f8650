"""An avatar's life: submitted, checked, approved or reviewed, active, and off air again. A state machine as a table.

It reads no clock: ``due`` says what time alone brings about, given the time.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AvatarState(StrEnum):
    """Where a registration stands. Only ACTIVE may be claimed by a session; what is REVOKED does not come back."""

    SUBMITTED = "submitted"
    REVIEW = "review"
    APPROVED = "approved"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"


class AvatarSignal(StrEnum):
    """What moves it. CLEAR and CONFLICT are what the check found; BEGIN and EXPIRE are a matter of time."""

    CLEAR = "clear"
    CONFLICT = "conflict"
    APPROVE = "approve"
    REJECT = "reject"
    BEGIN = "begin"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    EXPIRE = "expire"
    RENEW = "renew"
    REVOKE = "revoke"


class AvatarRole(StrEnum):
    """What a likeness is registered for.

    AVATAR: to be shown by its owner; PROTECTED: to be protected only, never on air; LOOK: a generic look, nobody's in
    particular; SCENE: a background or a thing that is mistaken for an avatar. The last two are the negative sets.
    """

    AVATAR = "avatar"
    PROTECTED = "protected"
    LOOK = "look"
    SCENE = "scene"


_S, _G = AvatarState, AvatarSignal

TABLE: dict[AvatarState, dict[AvatarSignal, AvatarState]] = {
    _S.SUBMITTED: {_G.CLEAR: _S.APPROVED, _G.CONFLICT: _S.REVIEW, _G.REVOKE: _S.REVOKED},
    _S.REVIEW: {_G.APPROVE: _S.APPROVED, _G.REJECT: _S.REVOKED, _G.REVOKE: _S.REVOKED},
    _S.APPROVED: {
        _G.BEGIN: _S.ACTIVE,
        _G.SUSPEND: _S.SUSPENDED,
        _G.EXPIRE: _S.EXPIRED,
        _G.RENEW: _S.APPROVED,
        _G.REVOKE: _S.REVOKED,
    },
    _S.ACTIVE: {
        _G.SUSPEND: _S.SUSPENDED,
        _G.EXPIRE: _S.EXPIRED,
        _G.RENEW: _S.APPROVED,
        _G.REVOKE: _S.REVOKED,
    },
    _S.SUSPENDED: {_G.REINSTATE: _S.APPROVED, _G.REVOKE: _S.REVOKED},
    _S.EXPIRED: {_G.RENEW: _S.APPROVED, _G.SUSPEND: _S.SUSPENDED, _G.REVOKE: _S.REVOKED},
    _S.REVOKED: {},
}
"""State and signal to the next state; a signal that is not there is refused."""

STANDING = frozenset({_S.APPROVED, _S.ACTIVE, _S.SUSPENDED, _S.EXPIRED})
"""States in which a likeness is registered: a stream that shows it shows somebody's own."""

_SENTENCES = {
    _S.SUBMITTED: "is still being checked",
    _S.REVIEW: "waits for a person's review",
    _S.APPROVED: "is approved and not valid yet",
    _S.SUSPENDED: "is suspended",
    _S.EXPIRED: "has expired",
    _S.REVOKED: "is revoked",
}


class MoveRefused(ValueError):
    """The signal does not fit the state; the message says what would."""


def after(state: AvatarState, signal: AvatarSignal) -> AvatarState:
    """The state that ``signal`` leads to. Raises MoveRefused."""
    following = TABLE[state].get(signal)
    if following is None:
        known = ", ".join(TABLE[state]) or "nothing any more"
        raise MoveRefused(f"an avatar that is {state} cannot be told to {signal}; possible: {known}")
    return following


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """What decides whether an avatar may be on air: its state, its validity, and consent where it needs one.

    ``valid_until`` is the first moment at which it is not valid any more; None: without end.
    """

    state: AvatarState
    role: AvatarRole
    valid_from: datetime
    valid_until: datetime | None
    needs_consent: bool
    has_consent: bool

    def due(self, now: datetime) -> AvatarSignal | None:
        """What time, or a consent, has brought about by ``now``; None where nothing."""
        if self.state not in (AvatarState.APPROVED, AvatarState.ACTIVE):
            return None
        if self.valid_until is not None and now >= self.valid_until:
            return AvatarSignal.EXPIRE
        consented = self.has_consent or not self.needs_consent
        if self.state is AvatarState.APPROVED and consented and now >= self.valid_from:
            return AvatarSignal.BEGIN
        return None

    def bar(self, now: datetime) -> str | None:
        """Why no session may show it at ``now``, to follow its name; None where one may."""
        if self.role is not AvatarRole.AVATAR:
            return "is registered to be recognised only and may never be on air"
        if self.state is AvatarState.APPROVED and self.needs_consent and not self.has_consent:
            return "resembles a living person and has no consent on record"
        if self.state is not AvatarState.ACTIVE:
            return _SENTENCES[self.state]
        if self.valid_until is not None and now >= self.valid_until:
            return _SENTENCES[AvatarState.EXPIRED]
        return _SENTENCES[AvatarState.APPROVED] if now < self.valid_from else None
