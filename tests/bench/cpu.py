"""CPU seconds of other processes, by the kernel's own account."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def spent(pid: int) -> float:
    """CPU seconds that a process and its threads, ended ones too, have used so far: user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
