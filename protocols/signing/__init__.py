"""Signatures of other people's APIs: pure functions of request, keys and time; one file for each scheme."""
