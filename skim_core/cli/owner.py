"""Which process owns a day, and whether it still lives."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from skim_core.ports.journal import Lease


def this_owner() -> str:
    """Return the name of this process in leases: host, process id and when it started."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_started(pid) or 0}"


def is_held(lease: Lease | None, now: datetime) -> bool:
    """Whether somebody runs the day: the lease has not run out and its owner may be alive."""
    return lease is not None and lease.expires_at > now and not is_gone(lease.owner)


def is_gone(owner: str) -> bool:
    """Whether the owner is a process of this host that has certainly ended.

    Of another host's process nothing is certain: its lease must run out.
    """
    host, _, rest = owner.partition(":")
    pid, _, started = rest.partition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    now_started = _started(int(pid))
    return now_started is not None and started != "0" and str(now_started) != started


def _started(pid: int) -> int | None:
    """Return when a process started, in ticks since boot; None where that can't be known."""
    with suppress(OSError, ValueError, IndexError):
        # Field 22 of proc(5)'s stat; the name before it may hold blanks and brackets.
        stat = Path(f"/proc/{pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[19])
    return None
