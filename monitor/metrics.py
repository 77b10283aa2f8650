"""What the service counts and measures, for Prometheus at ``/metrics``. No label holds an id or a name of a person."""

from prometheus_client import Counter, Gauge, Histogram

SESSIONS = Gauge("nakanohito_sessions", "Sessions that have not ended, by state", ["state"])
VERDICTS = Counter("nakanohito_verdicts", "Verdicts given, by who drives", ["driver"])
CUTS = Counter("nakanohito_cuts", "Cuts confirmed by the media server, by rule", ["rule"])
CUTS_FAILED = Counter("nakanohito_cuts_failed", "Cuts that could not be confirmed, by rule", ["rule"])
CUT_SECONDS = Histogram(
    "nakanohito_cut_seconds",
    "Seconds from the intent of a cut to its confirmation by the media server",
    buckets=(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0),
)
HELD = Gauge("nakanohito_cuts_held", "1 while all cuts are held, since many sessions lapsed at once")
HEARTBEATS = Counter("nakanohito_heartbeats", "Heartbeats of operators, by outcome", ["outcome"])
FRAMES = Counter("nakanohito_frames", "Frames that arrived decoded")
FRAMES_DROPPED = Counter("nakanohito_frames_dropped", "Frames dropped for newer ones")
LOOKS = Counter("nakanohito_looks", "Looks at who is on screen")
WINDOWS = Gauge("nakanohito_windows", "Streams that are watched at full rate now")
CHALLENGES = Counter("nakanohito_challenges", "Challenges judged, by outcome", ["outcome"])
ENCOUNTERS = Counter("nakanohito_encounters", "Times that an operator's motion was met in another session too")
WEBHOOKS = Counter("nakanohito_webhooks", "Attempts to deliver a webhook, by outcome", ["outcome"])
LEDGER_APPENDS = Counter("nakanohito_ledger_appends", "Entries made durable in the ledger")
LEDGER_SECONDS = Histogram(
    "nakanohito_ledger_append_seconds",
    "Seconds until an entry of the ledger was durable",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1.0, 5.0),
)
BLIND_SECONDS = Counter("nakanohito_blind_seconds", "Seconds for which the monitor could not see a stream")
REQUESTS = Counter("nakanohito_requests", "Requests to the HTTP API, by method and status class", ["method", "status"])
FOLLOWERS = Gauge("nakanohito_followers", "Event streams that are being followed")
