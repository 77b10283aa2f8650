"""The processes that a process has started, and which of them hold a connection to a port, as Linux tells."""

from pathlib import Path

_ESTABLISHED = "01"


def children(pid: int) -> list[int]:
    """The process ids of those that ``pid`` has started and that run."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def connected(pid: int, port: int) -> bool:
    """Whether ``pid`` holds a connection to ``port`` on this machine."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    theirs = {line[9] for line in lines if line[3] == _ESTABLISHED and int(line[2].rpartition(":")[2], 16) == port}
    held = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:  # closed meanwhile
            continue
    return bool(theirs & held)
