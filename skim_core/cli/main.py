"""The console script: runs the command line, and turns errors into lines and exit codes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Thread

_PATIENCE = 2.0
"""Seconds that threads and exit handlers of plugins have once the command is done."""

_EXIT = "skim exit"

_codes: list[int] = []
"""The exit codes of this process's commands; the last one's is the process's."""


def run() -> None:
    """Run skim's command line and exit with its code.

    The exit codes are those of `skim_core.exits`.

    A process that a plugin has forked off ends here, in silence, when it gets here. What a
    plugin has left running is waited for two seconds.
    """
    import threading

    before = frozenset(threading.enumerate())
    try:
        _run()
    except SystemExit as leave:
        _leave_in_time(leave.code, before)
        raise


def _run() -> None:
    debug = "--debug" in sys.argv or os.environ.get("SKIM_DEBUG", "") not in {"", "0"}
    # pydantic looks through all installed packages for plugins of its own: cron need not wait
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    from skim_core.errors import SkimError
    from skim_core.exits import ExitCode

    process = os.getpid()
    try:
        from skim_core.cli.app import app

        try:
            app()
        finally:
            if os.getpid() != process:
                os._exit(1)
    except SkimError as error:
        if debug:
            raise
        _say(str(error), error.error_code)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of a pipe left: not an error, but Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.DONE) from None
    except Exception as error:
        if debug:
            raise
        from skim_core.ports.boundary import described

        _say(
            f"internal error, {described(error)}\n"
            "This is a fault of skim or of a plugin: run it again with --debug and report it."
        )
        raise SystemExit(ExitCode.FAILED) from None


def _say(text: str, code: str = "") -> None:
    """Tell on standard error; an error under its code, by which the reference has it."""
    from skim_core.model.text import printable

    under = f"skim[{code}]" if code else "skim"
    sys.stderr.write(f"{under}: {printable(text)}\n")


def _leave_in_time(code: object, before: frozenset[Thread]) -> None:
    """End the process now if it would not end soon: Python waits for threads, for ever.

    `before` are the threads that were there when the command began.
    """
    import threading
    from time import monotonic

    number = code if isinstance(code, int) else int(code is not None)
    deadline = monotonic() + _PATIENCE
    left = [thread for thread in threading.enumerate() if thread not in before]
    waited_for = [thread for thread in left if not thread.daemon]
    for thread in waited_for:
        thread.join(max(0.0, deadline - monotonic()))
    sys.stdout.flush()
    if any(thread.is_alive() for thread in waited_for):
        _say("threads that a plugin left running were cut off.")
        sys.stderr.flush()
        os._exit(number)
    if "skim_core.plugins.loading" not in sys.modules:
        return

    def leave() -> None:
        threading.main_thread().join()
        threading.Event().wait(_PATIENCE)
        os._exit(_codes[-1])

    # An exit handler of a plugin's may hang as well. One thread waits for it, however many
    # commands a process runs: each has a stack, and memory is limited.
    _codes.append(number)
    if not any(thread.name == _EXIT for thread in threading.enumerate()):
        threading.Thread(target=leave, name=_EXIT, daemon=True).start()
