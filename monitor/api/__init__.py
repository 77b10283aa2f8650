"""The HTTP API: one router per file, problem+json for whatever goes wrong."""
