"""Calls several extensions at once, none of which may hold up the command."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from time import monotonic


def side_by_side(doing: str, calls: Mapping[str, Callable[[], None]], patience: float) -> list[str]:
    """Make each extension's call in a thread of its own; return whose are late.

    They have `patience` seconds of wall time, all together. A thread is called by what it is
    `doing`; one that is late ends with the process at the latest.
    """
    threads = {
        name: threading.Thread(target=call, name=f"skim {doing} {name}", daemon=True)
        for name, call in calls.items()
    }
    deadline = monotonic() + patience
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join(max(0.0, deadline - monotonic()))
    return [name for name, thread in threads.items() if thread.is_alive()]
