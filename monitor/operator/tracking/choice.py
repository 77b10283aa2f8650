"""Which tracking to follow: ``NAME[@HOST][:PORT]`` as the performer writes it."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

from protocols.tracking.tracker import PORTS, Tracker

_WRITTEN = re.compile(r"(?P<name>[a-z-]+)(?:@(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]))?(?::(?P<port>\d{1,5}))?")
LOOPBACK = "127.0.0.1"


class TrackerRefused(ValueError):
    """A tracker that cannot be followed; the message says what to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One tracker at one port. ``host``: the machine or phone that sends, None where it is this machine itself."""

    tracker: Tracker
    port: int
    host: str | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether packets come from the network."""
        return self.host is not None

    def __str__(self) -> str:
        at = "" if self.host is None else f"@{self.host}"
        return f"{self.tracker}{at}:{self.port}"


def chosen(written: str) -> Choice:
    """Read ``NAME[@HOST][:PORT]``. Raises TrackerRefused."""
    match = _WRITTEN.fullmatch(written.strip())
    names = ", ".join(Tracker)
    if match is None or match["name"] not in set(Tracker):
        raise TrackerRefused(f"{written!r} is no tracker: write NAME, NAME:PORT or NAME@HOST:PORT; NAME is {names}")
    tracker = Tracker(match["name"])
    port = int(match["port"]) if match["port"] else PORTS[tracker]
    if not 0 < port < 65_536:
        raise TrackerRefused(f"{written!r}: a port lies between 1 and 65535")
    host = match["host"].strip("[]") if match["host"] else None
    if host is None and tracker is Tracker.VTUBE_PHONE:
        raise TrackerRefused(f"{tracker} is on a phone: write {tracker}@ADDRESS with the address that the phone shows")
    return Choice(tracker=tracker, port=port, host=None if host is None or _here(host) else host)


def _here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
