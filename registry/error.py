"""What can go wrong in the registry, in words that say what to do. No database error leaves this package."""


class RegistryError(Exception):
    """Whatever the registry refuses or cannot do; its text is meant for a person and holds no personal data."""


class NotFound(RegistryError):
    """No such thing is registered."""


class Conflict(RegistryError):
    """It would contradict what is registered already; ``other`` names that, where there is one."""

    def __init__(self, message: str, *, other: str | None = None) -> None:
        super().__init__(message)
        self.other = other


class SessionConflict(Conflict):
    """The stream is attached already; ``other`` is the session that has it."""


class CutConflict(Conflict):
    """The session is cut or being cut already; ``other`` is that cut."""


class StaleEpoch(Conflict):
    """The command carries an epoch that is not the session's: somebody else owns the session now."""


class IdempotencyMismatch(Conflict):
    """The Idempotency-Key was used before for another request."""


class IdempotencyPending(Conflict):
    """The first request with this Idempotency-Key is still being answered."""


class Refused(RegistryError):
    """The values given cannot be registered; the message says which and why."""


class Unavailable(RegistryError):
    """The database itself fails: unreachable, locked, full or damaged. Trying again later may help."""


class LedgerFailure(RegistryError):
    """An entry could not be made durable. It may not be acted upon; what was acknowledged before is safe."""


class LedgerHeld(LedgerFailure):
    """Another process writes this ledger."""


class LedgerDamaged(LedgerFailure):
    """The ledger's file is torn, altered or older than what it acknowledged."""
