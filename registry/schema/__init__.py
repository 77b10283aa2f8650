"""The tables. One noun of the vocabulary is one table; rows never leave this package.

``seq`` is the order of arrival, for listing and cursors; ``id`` is what the world sees. Every change made here needs
a migration in ``registry/migrations``; a test compares the two.
"""

from registry.schema.account import accounts, api_keys, batches, edits, requests, signins
from registry.schema.avatar import aliases, assets, avatars, conflicts, consents, pictures, vectors
from registry.schema.case import appeals, case_notes, case_views, case_words, cases, exhibits, reports
from registry.schema.cut import blocks, cuts, links, strikes, undoings
from registry.schema.operator import (
    accesses,
    ceremonies,
    device_keys,
    habits,
    invitations,
    operators,
    passkeys,
    prints,
    reactions,
)
from registry.schema.session import bookings, events, policies, rosters, sessions, shifts
from registry.schema.table import metadata

__all__ = [
    "accesses",
    "accounts",
    "aliases",
    "api_keys",
    "appeals",
    "assets",
    "avatars",
    "batches",
    "blocks",
    "bookings",
    "case_notes",
    "case_views",
    "case_words",
    "cases",
    "ceremonies",
    "conflicts",
    "consents",
    "cuts",
    "device_keys",
    "edits",
    "events",
    "exhibits",
    "habits",
    "invitations",
    "links",
    "metadata",
    "operators",
    "passkeys",
    "pictures",
    "policies",
    "prints",
    "reactions",
    "reports",
    "requests",
    "rosters",
    "sessions",
    "shifts",
    "signins",
    "strikes",
    "undoings",
    "vectors",
]
