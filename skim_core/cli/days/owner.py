"""Which process owns a day, whether it still lives, and how one that hangs is ended."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

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
    here = _here(owner)
    if here is None:
        return False
    pid, started = here
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    now_started = _started(pid)
    another = now_started is not None and started != "0" and str(now_started) != started
    return another or _has_ended(pid)


def is_here(owner: str) -> bool:
    """Whether the owner certainly is another process of this host that lives."""
    here = _here(owner)
    if here is None or here[0] == os.getpid():
        return False
    return str(_started(here[0])) == here[1] and not _has_ended(here[0])


def end(owner: str, patience: timedelta) -> bool:
    """End a process of this host: SIGTERM, and SIGKILL if it still lives after `patience`.

    Returns whether it has ended. A process that is not certainly the owner is let be: one
    of another host, one whose start time is another or can't be known, another user's.
    """
    here = _here(owner)
    if here is None or here[0] == os.getpid() or not hasattr(os, "pidfd_open"):
        return False
    pid, started = here
    try:
        # A descriptor names one process for good: what it is told can't reach a later one.
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    try:
        if str(_started(pid)) != started:
            return False
        for number in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(process, number)
            if _ends(process, patience):
                return True
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    finally:
        os.close(process)
    return False


def _ends(process: int, patience: timedelta) -> bool:
    from select import POLLIN, poll

    waiting = poll()
    waiting.register(process, POLLIN)
    return bool(waiting.poll(patience.total_seconds() * 1000))


def _here(owner: str) -> tuple[int, str] | None:
    """Return the process id and start time of an owner on this host; None for another's."""
    host, _, rest = owner.partition(":")
    pid, _, started = rest.partition(":")
    if host != socket.gethostname() or not pid.isdecimal():
        return None
    return int(pid), started


def _started(pid: int) -> int | None:
    """Return when a process started, in ticks since boot; None where that can't be known."""
    found = _stat(pid)
    return found[1] if found is not None else None


def _has_ended(pid: int) -> bool:
    """Whether of a process nothing is left but its entry, which its parent has not read yet."""
    found = _stat(pid)
    return found is not None and found[0] in {"Z", "X"}


def _stat(pid: int) -> tuple[str, int] | None:
    """Return a process's state and when it started, in ticks since boot."""
    with suppress(OSError, ValueError, IndexError):
        # Fields 3 and 22 of proc(5)'s stat; the name before them may hold blanks and brackets.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0], int(fields[19])
    return None
