"""The trail: what each account looks at and does, in the ledger before it is shown or done."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

from registry.ledger import Ledger
from registry.signin import SignIn

VIEWED = "account.viewed"
ACTED = "account.acted"
_PART_OF_A_LOOK = frozenset({"accounts-handles", "cases-looked", "avatars-picture"})
"""What stands in the ledger as the look that it belongs to."""

_AGAIN_AFTER = timedelta(minutes=1)  # a page asks for the same thing again and again; one look is one entry
_MOST_KEPT = 10_000


class Trail:
    """Writes the trail of every account that is signed in."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()

    async def enter(
        self, ledger: Ledger, signin: SignIn, operation: str, values: dict[str, str], *, reads: bool, at: datetime
    ) -> None:
        """Enter one request; a look at the same thing within a minute is part of the one before.

        Raises LedgerFailure; then nothing may be shown or done.
        """
        if operation in _PART_OF_A_LOOK:
            return
        subject = " ".join(values.values())[:256]
        if reads and self._lately(signin.id, operation, subject, at):
            return
        body: dict[str, Any] = {
            "account": signin.account.id,
            "role": signin.account.role.value,
            "signin": signin.id,
            "operation": operation,
            **({"of": values} if values else {}),
        }
        await ledger.append(VIEWED if reads else ACTED, values.get("session", ""), subject, body, at)

    def _lately(self, signin: str, operation: str, subject: str, at: datetime) -> bool:
        key = (signin, operation, subject)
        before = self._seen.get(key)
        if before is not None and at - before < _AGAIN_AFTER:
            return True
        self._seen[key] = at
        self._seen.move_to_end(key)
        while len(self._seen) > _MOST_KEPT:
            self._seen.popitem(last=False)
        return False
