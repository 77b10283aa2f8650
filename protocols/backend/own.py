"""What operators ask for themselves, on their own page: signing in, and the streams that they are on the roster of.

Nothing here tells a score, a probability, or whether a gesture was seen.
"""

from typing import Annotated

from pydantic import Field

from protocols.backend.operator import DeviceKey
from protocols.backend.part import Moment, Part
from protocols.backend.passkey import Credential, PasskeyView
from protocols.backend.verdict import Rule
from protocols.gesture import Gesture
from protocols.ladder import Rung
from protocols.session import SessionState


class OwnSignIn(Part):
    """An operator's passkey has answered; with the key of the browser that asks."""

    credential: Credential
    device_key: DeviceKey | None = Field(
        None,
        description="Ed25519 public key that this browser made, base64: the channel is opened with it.",
        examples=["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    )


class OwnWords(Part):
    """Something said to an operator, in both languages."""

    en: str = Field(description="In English.", examples=["Something is wrong: no operator of the roster is connected."])
    zh: str = Field(description="In Simplified Chinese.", examples=["发现异常：名单内的操作员均未在线。"])


class OwnChallenge(Part):
    """What the roster's operator who drives is asked for now: a gesture, several in order, or digits to be typed."""

    id: str = Field(description="Id of the challenge.", examples=["chl_1f0a"])
    gesture: Annotated[Gesture, Field(strict=False)] | None = Field(
        description="The gesture that is asked for; null for digits.", examples=["nod"]
    )
    then: list[Annotated[Gesture, Field(strict=False)]] = Field(
        default_factory=list, description="Gestures to be done after it, in order.", examples=[["look_left"]]
    )
    digits: bool = Field(False, description="Whether digits are to be typed, where the channel is: it shows them.")
    ends_in: float = Field(ge=0, description="Seconds that are left for it.", examples=[6.5])


class OwnSession(Part):
    """A stream that the operator is on the roster of, as its operators may see it."""

    id: str = Field(description="Id of the session.", examples=["ses_4f1c2e9p0k3mt"])
    avatar: str = Field(description="Name of the avatar that it shows.", examples=["Hoshi"])
    stream: str | None = Field(None, description="Where it is on air, where it is cut by name.", examples=["room-42"])
    state: Annotated[SessionState, Field(strict=False)] = Field(
        description="pending: no picture yet; live; blind: the monitor cannot see, which is nobody's fault.",
        examples=["live"],
    )
    attached_at: Moment = Field(description="Since when it is monitored.", examples=["2026-11-22T08:30:00Z"])
    rung: Annotated[Rung, Field(strict=False)] = Field(
        Rung.WATCHING,
        description="Where it stands on the ladder: watching, notify, challenge, grace, slate, drop, forbid, restored.",
    )
    cause: Rule | None = Field(None, description="The rule that it climbed for.", examples=[None])
    rung_ends_in: float | None = Field(
        None, description="Seconds until the next rung unless the cause goes away.", examples=[None]
    )
    held: bool = Field(False, description="Whether time stands still: the monitor is blind, or a person said so.")
    reason: OwnWords | None = Field(None, description="Why it climbed, and what to do; null while all is well.")
    challenge: OwnChallenge | None = Field(None, description="What is asked for.")
    here: bool = Field(False, description="Whether the operator's channel is up.")
    colleagues: list[str] = Field(
        default_factory=list, description="Others of the roster who are connected.", examples=[["op_2c8f5k1v7x0ab"]]
    )


class OwnDevice(Part):
    """A device whose key opens the channel."""

    device_key: str = Field(description="Its Ed25519 public key, base64.", examples=["11qYAYKxCrfV…"])
    added_at: Moment = Field(description="When it was made known.", examples=["2026-11-22T08:30:00Z"])


class OwnKeys(Part):
    """What an operator proves themselves with, oldest first."""

    devices: list[OwnDevice] = Field(description="Devices whose keys open the channel.")
    passkeys: list[PasskeyView] = Field(description="Passkeys that count.")


class OwnView(Part):
    """The operator who is signed in."""

    operator: str = Field(description="Id of the operator.", examples=["op_7h2m9q0d5k1wz"])
    verified_at: Moment = Field(description="When the person was authenticated.", examples=["2026-11-01T10:00:00Z"])
    verify_within_s: float | None = Field(
        None,
        description="Seconds within which the person is to be verified anew, where that is due; 0: it has lapsed.",
        examples=[518_400.0],
    )
    ends_at: Moment = Field(description="When the sign-in ends.", examples=["2026-11-22T20:30:00Z"])
    sessions: list[OwnSession] = Field(description="Their streams that have not ended, newest first.")
