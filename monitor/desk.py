"""The desk: how a session reaches its operators. What is to be said in words, said through the gateway."""

from monitor.operator.gateway import Gateway
from protocols.channel.notice import Level, Notice
from protocols.evidence import RuleName
from protocols.ladder import Rung
from protocols.observation import Asked
from protocols.session import SessionId
from protocols.wording import notice

_LEVELS = {
    Rung.WATCHING: Level.INFO,
    Rung.NOTIFY: Level.WARNING,
    Rung.CHALLENGE: Level.WARNING,
    Rung.GRACE: Level.URGENT,
    Rung.SLATE: Level.URGENT,
    Rung.DROP: Level.URGENT,
    Rung.FORBID: Level.URGENT,
    Rung.RESTORED: Level.INFO,
}


class Desk:
    """Speaks to the operators of one session. Nobody may be there; then nobody hears it."""

    def __init__(self, gateway: Gateway, session: SessionId) -> None:
        self._gateway = gateway
        self._session = session

    def ask(self, challenge: Asked, *, routine: bool = False) -> str | None:
        """Put a challenge to whoever drives; who that is, None where nobody could be asked."""
        return self._gateway.ask(self._session, challenge, routine=routine)

    def notify(self, rung: Rung, cause: RuleName | None, until: float | None) -> None:
        """Tell every operator where the session stands and what to do; ``until`` on the session's clock."""
        words = notice(rung, cause)
        code = rung.value if cause is None else f"{rung.value}.{cause.value}"
        told = Notice(level=_LEVELS[rung], code=code, text_en=words.en, text_zh=words.zh, until=until)
        self._gateway.notify(self._session, told)

    def dismiss(self, because: str) -> None:
        """The session is over: close its operators' channels."""
        self._gateway.close(self._session, text=because)
