"""Synchronous sight: frames in, observations out. Runs in threads, never on the event loop."""
