"""The registry: everything that is remembered, behind one door."""

from pathlib import Path

from sqlalchemy.engine import make_url

from registry.access import Accesses
from registry.account import Accounts
from registry.apikey import ApiKeys
from registry.appeal import Appeals
from registry.avatars import Avatars
from registry.block import Blocks
from registry.booking import Bookings
from registry.bulk import Bulk
from registry.case import Cases
from registry.conflict import Conflicts
from registry.consent import Consents
from registry.cut import Cuts
from registry.database import Database
from registry.error import Refused
from registry.exhibit import Exhibits
from registry.figures import Transparency
from registry.habit import Habits
from registry.idempotency import Idempotency
from registry.ledger import Ledger
from registry.link import Links
from registry.migrations import upgrade
from registry.operator import Operators
from registry.outbox import Outbox
from registry.passkey import Passkeys
from registry.policy import Policies
from registry.print import Prints
from registry.reaction import Reactions
from registry.report import Reports
from registry.session import Sessions
from registry.shift import Shifts
from registry.signin import SignIns
from registry.strike import Strikes
from registry.undoing import Undoings


class Registry:
    """What is remembered; each attribute is named as its table. Made by ``Registry.open``."""

    def __init__(self, database: Database, ledger: Ledger | None) -> None:
        self._database = database
        self._ledger = ledger
        self.avatars = Avatars(database, ledger)
        self.consents = Consents(database, self.avatars, ledger)
        self.conflicts = Conflicts(database)
        self.operators = Operators(database, ledger)
        self.accesses = Accesses(database)
        self.reactions = Reactions(database)
        self.habits = Habits(database)
        self.passkeys = Passkeys(database)
        self.policies = Policies(database)
        self.sessions = Sessions(database)
        self.shifts = Shifts(database)
        self.cuts = Cuts(database)
        self.cases = Cases(database, ledger)
        self.bulk = Bulk(database, ledger)
        self.strikes = Strikes(database, ledger)
        self.exhibits = Exhibits(database, ledger)
        self.appeals = Appeals(database, ledger)
        self.reports = Reports(database, ledger)
        self.transparency = Transparency(database)
        self.links = Links(database)
        self.undoings = Undoings(database)
        self.prints = Prints(database)
        self.blocks = Blocks(database)
        self.bookings = Bookings(database)
        self.keys = ApiKeys(database)
        self.accounts = Accounts(database)
        self.signins = SignIns(database)
        self.idempotency = Idempotency(database)
        self.outbox = Outbox(database)

    @classmethod
    async def open(cls, url: str, ledger_path: Path | None = None) -> "Registry":
        """Open the database at ``url`` and bring its tables up to date, then the ledger at ``ledger_path``.

        ``url``: ``sqlite:///file`` (made where it is missing) or ``postgresql://…``. Only one process writes a ledger;
        a command that runs beside the service opens the registry without one. Raises a RegistryError that says what
        to do.
        """
        database = Database.at(url)
        try:
            _make_folder(url)
            await database.migrate(upgrade)
            ledger = None if ledger_path is None else await Ledger.open(ledger_path)
        except BaseException:
            await database.close()
            raise
        return cls(database, ledger)

    @property
    def ledger(self) -> Ledger:
        """The ledger. Raises Refused where the registry was opened without it."""
        if self._ledger is None:
            raise Refused("This process has opened the registry without its ledger and cannot write there.")
        return self._ledger

    async def close(self) -> None:
        """Write what waits and close everything; idempotent."""
        try:
            if self._ledger is not None:
                await self._ledger.close()
        finally:
            await self._database.close()


def _make_folder(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"The folder of the database {parsed.database} cannot be made: {error.strerror}.") from error
