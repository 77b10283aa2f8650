"""The backend API and its webhooks: the documents that cross the wire.

Strict: a value of the wrong type is refused, never coerced, and so is a name that is not known.
"""

from protocols.backend.access import AccessView, OperatorExport
from protocols.backend.account import (
    AccountChange,
    AccountInvited,
    AccountRequest,
    AccountView,
    CeremonyAnswer,
    SignInMethods,
    SignInView,
    Welcome,
)
from protocols.backend.avatar import (
    AssetView,
    AvatarRegistered,
    AvatarView,
    ConflictView,
    ConsentRequest,
    ConsentView,
    Decision,
    MergeRequest,
    PairView,
    PictureView,
    PurgeView,
    Renewal,
    ReviewView,
)
from protocols.backend.booking import BookingRequest, BookingView
from protocols.backend.case import (
    CaseDetail,
    CaseLookView,
    CaseNoteView,
    CaseView,
    DecideRequest,
    ExhibitView,
    HoldRequest,
    KeepingView,
    LookRequest,
    NoteRequest,
    StatementView,
    TimelineView,
    verdict_view,
    weights,
)
from protocols.backend.case_batch import DecidedMany, DecideManyRequest
from protocols.backend.cut import CutView, OrderRequest, RestoreRequest, StrikeView
from protocols.backend.event import DATA, EventType, SessionEvent, WebhookEvent
from protocols.backend.health import HealthView
from protocols.backend.held import HeldView
from protocols.backend.key import KeyCreated, KeyRequest, KeyView
from protocols.backend.ledger import ConsistencyView, EntryView, InclusionView
from protocols.backend.operator import (
    DeviceKeyRequest,
    EnrolOperator,
    OperatorView,
    ProfileRequest,
    VerifyOperator,
    key_bytes,
)
from protocols.backend.own import OwnSession, OwnSignIn, OwnView
from protocols.backend.part import Page
from protocols.backend.passkey import (
    CeremonyView,
    InvitationView,
    PasskeyView,
    RegistrationAnswer,
    RegistrationRequest,
)
from protocols.backend.policy import PolicyView
from protocols.backend.problem import InvalidField, Problem
from protocols.backend.session import (
    AttachRequest,
    ChallengeView,
    PlacementRequest,
    ReturnView,
    SessionAttached,
    SessionStatus,
    SessionView,
    SourceView,
    WhipInvitation,
)
from protocols.backend.shift import AssertionAnswer, ShiftRequest, ShiftView
from protocols.backend.source import SourceRequest
from protocols.backend.verdict import EvidenceView, Explanation, VerdictView
from protocols.backend.wall import WallEntry

__all__ = [
    "DATA",
    "AccessView",
    "AccountChange",
    "AccountInvited",
    "AccountRequest",
    "AccountView",
    "AssertionAnswer",
    "AssetView",
    "AttachRequest",
    "AvatarRegistered",
    "AvatarView",
    "BookingRequest",
    "BookingView",
    "CaseDetail",
    "CaseLookView",
    "CaseNoteView",
    "CaseView",
    "CeremonyAnswer",
    "CeremonyView",
    "ChallengeView",
    "ConflictView",
    "ConsentRequest",
    "ConsentView",
    "ConsistencyView",
    "CutView",
    "DecideManyRequest",
    "DecideRequest",
    "DecidedMany",
    "Decision",
    "DeviceKeyRequest",
    "EnrolOperator",
    "EntryView",
    "EventType",
    "EvidenceView",
    "ExhibitView",
    "Explanation",
    "HealthView",
    "HeldView",
    "HoldRequest",
    "InclusionView",
    "InvalidField",
    "InvitationView",
    "KeepingView",
    "KeyCreated",
    "KeyRequest",
    "KeyView",
    "LookRequest",
    "MergeRequest",
    "NoteRequest",
    "OperatorExport",
    "OperatorView",
    "OrderRequest",
    "OwnSession",
    "OwnSignIn",
    "OwnView",
    "Page",
    "PairView",
    "PasskeyView",
    "PictureView",
    "PlacementRequest",
    "PolicyView",
    "Problem",
    "ProfileRequest",
    "PurgeView",
    "RegistrationAnswer",
    "RegistrationRequest",
    "Renewal",
    "RestoreRequest",
    "ReturnView",
    "ReviewView",
    "SessionAttached",
    "SessionEvent",
    "SessionStatus",
    "SessionView",
    "ShiftRequest",
    "ShiftView",
    "SignInMethods",
    "SignInView",
    "SourceRequest",
    "SourceView",
    "StatementView",
    "StrikeView",
    "TimelineView",
    "VerdictView",
    "VerifyOperator",
    "WallEntry",
    "WebhookEvent",
    "Welcome",
    "WhipInvitation",
    "key_bytes",
    "verdict_view",
    "weights",
]
