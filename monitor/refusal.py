"""Refusals of what was asked for, where no other room has its own."""


class AttachRefused(Exception):
    """The session cannot be attached as it was asked for; the message says what to change."""


class AttachLater(AttachRefused):
    """Nothing is wrong with what was asked for; the service cannot take it now."""


class RegisterLater(Exception):
    """Nothing is wrong with what was to be registered; the service cannot compare it with all others now."""
