"""What happens when a strategy is imported: watched from inside a process of its own."""

from __future__ import annotations

import atexit
import decimal
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from time import perf_counter
from typing import Any

_ACTS = {
    "os.exec": "runs a program",
    "os.fork": "forks",
    "os.mkdir": "makes a folder",
    "os.posix_spawn": "runs a program",
    "os.putenv": "sets an environment variable",
    "os.remove": "removes a file",
    "os.rename": "renames a file",
    "os.rmdir": "removes a folder",
    "os.system": "runs a program",
    "os.unsetenv": "removes an environment variable",
    "_thread.start_new_thread": "starts a thread",
    "socket.bind": "opens a socket",
    "socket.connect": "connects to a host",
    "socket.getaddrinfo": "looks a host up",
    "subprocess.Popen": "runs a program",
}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


@dataclass
class Import:
    """An import: what it did besides, and its time against that of what skim itself needs."""

    acts: list[str] = field(default_factory=list)
    seconds: float = 0.0
    ours: float = 0.0

    @property
    def ratio(self) -> float:
        """How many times as long as skim and what skim needs it took to import."""
        return self.seconds / self.ours


def watch_import(module: str) -> Import:
    """Import a module and tell what it did. What it raises passes unchanged."""
    began = perf_counter()
    # What any strategy may count on to be there already when it is imported.
    for name in ("pydantic", "numpy", "skim_core.engine.local", "skim_core.ports.hooks"):
        import_module(name)
    found = Import(ours=perf_counter() - began)
    watching = True

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and (act := _act(event, arguments)) and act not in found.acts:
            found.acts.append(act)

    sys.addaudithook(hear)
    before = _state()
    began = perf_counter()
    try:
        import_module(module)
    finally:
        found.seconds = perf_counter() - began
        watching = False
    found.acts += list(_changed(before, _state()))
    return found


def _act(event: str, arguments: tuple[Any, ...]) -> str:
    if event == "open":
        path, _, flags = (*arguments, None, 0)[:3]
        compiled = str(path).endswith((".pyc", "__pycache__")) or ".pyc." in str(path)
        return f"writes {path}" if int(flags or 0) & _WRITES and not compiled else ""
    if event == "os.mkdir" and str(arguments[0]).endswith("__pycache__"):
        return ""
    if event == "os.rename" and ".pyc" in str(arguments[0]):
        return ""
    words = _ACTS.get(event, "")
    about = next((str(one) for one in arguments if isinstance(one, str | bytes)), "")
    return f"{words} ({about})" if words and about else words


def _state() -> dict[str, object]:
    root = logging.getLogger()
    count: Callable[[], int] = getattr(atexit, "_ncallbacks", lambda: 0)
    return {
        "the root logger": (root.level, len(root.handlers)),
        "the decimal context": (decimal.getcontext().prec, decimal.getcontext().rounding),
        "a signal's handler": [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)],
        "what runs at exit": count(),
        "the current folder": os.getcwd(),  # noqa: PTH109  as text
        "the environment": dict(os.environ),
    }


def _changed(before: dict[str, object], after: dict[str, object]) -> Iterator[str]:
    return (f"changes {what}" for what in before if before[what] != after[what])
