"""Decides: what was seen and heard becomes evidence, evidence a verdict, a verdict the next rung of the ladder.

Pure: no await, no socket, no clock, no random numbers, no log. Time is an argument: ``at`` is the media time of a
thing on its session's clock, ``now`` the monotonic clock, both in seconds.
"""
