"""Starts skim in processes of its own, without the second that each start would cost.

``python -m exchange_process.launcher`` imports what skim needs once, and forks for each
run: a process like any other, that has its imports behind it. It reads frames from its
standard input and answers on its standard output, and ends with the input.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from importlib import import_module
from typing import Any

_NEEDED = (
    "skim_core.cli.app",
    "skim_core.cli.days.launch",
    "skim_core.cli.main",
    "skim_core.cli.days.monitor",
    "skim_core.cli.days.start",
    "skim_core.clock.virtual",
    "skim_core.engine.local",
    "skim_core.engine.plugin",
    "skim_core.journal.sqlite",
    "skim_core.cli.wanted",
    "skim_core.cli.views.choosing",
    "numpy",
    "exchange_process.remote",
    "exchange_process.strategy",
)


def main() -> None:
    """Start and wait for processes, as asked."""
    for name in _NEEDED:
        import_module(name)
    # Without this each process would copy, for its collections, what it only reads.
    gc.collect()
    gc.freeze()
    running: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        answer: int | None
        if asked["do"] == "start":
            answer = _start(asked)
            running.add(answer)
        else:
            answer = _wait(asked["pid"], asked["seconds"])
            running.remove(asked["pid"])
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    for pid in running:
        # A test that failed left it, perhaps stopped for ever.
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _start(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _become_skim(asked)
    return pid


def _wait(pid: int, seconds: float) -> int | None:
    """Return a process's exit code; None when it had to be ended after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)  # noqa: TID251  another process is waited for
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _become_skim(asked: dict[str, Any]) -> None:
    from skim_core.cli.main import run

    said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["directory"])
    sys.argv = ["skim", *asked["arguments"]]
    code: object = 1
    try:
        run()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not the interpreter's own end: what the launcher registered for it is the launcher's.
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
