"""A process apart that tries Parquet files: of some damaged ones polars ends the process.

It asks for memory without bounds then, which no Python code can catch. So a file that nobody
has read yet is read there first; when that process ends, the file is bad, and a new process
goes on with the next one.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from skim_core.errors import DataError

_LOG = logging.getLogger("skim.sim")

_IDLE = 10.0
"""Seconds after which a process that is asked nothing is ended: it holds all of polars."""

_SERVE = "import sys; sys.path[:] = sys.argv[1:]; from skim_core.sim.trial import serve; serve()"

_BY_OTHERS = {signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM}
"""Signals that somebody else may have sent: the file is tried once more."""


@dataclass(frozen=True, slots=True)
class _Process:
    """A running process; `complaints` has its standard error."""

    running: subprocess.Popen[bytes]
    asked: IO[bytes]
    answers: IO[bytes]
    complaints: IO[bytes]

    def answer(self) -> str | None:
        """Return the next answer, None when the process has ended."""
        line = self.answers.readline()
        return str(json.loads(line)) if line.endswith(b"\n") else None

    def ask(self, path: Path) -> str | None:
        """Return why a file can't be read, '' when it can, None when that ended the process."""
        with suppress(BrokenPipeError):
            self.asked.write(json.dumps(str(path.absolute())).encode() + b"\n")
            self.asked.flush()
        return self.answer()

    def end(self) -> None:
        self.running.kill()
        for stream in (self.asked, self.answers):
            with suppress(OSError):  # what it was not told yet
                stream.close()
        self.running.wait()

    def why_ended(self, since: int = 0) -> str:
        """Return why the process has ended, by what it wrote from byte `since` on."""
        self.complaints.seek(since)
        text = self.complaints.read().decode(errors="replace").strip()
        self.complaints.close()
        code = self.running.returncode
        _LOG.debug("the process that tries Parquet files ended with %d: %s", code, text)
        # What a signal ends says why first, a traceback last.
        lines = text.splitlines() or [""]
        return lines[0 if code < 0 else -1].rstrip(".: ") or _ended_by(code)


class Apart:
    """Tries files in a process that is begun for the first, and again after each that ends it.

    It may be used in any thread; not in a process that was forked off, in which polars hangs.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process: _Process | None = None
        self._idle = threading.Timer(_IDLE, self.close)

    def fault(self, path: Path) -> str:
        """Return why a Parquet file can't be read, '' when it can.

        Raises DataError when no process can be begun.
        """
        with self._lock:
            self._idle.cancel()
            try:
                return self._fault(path)
            except BaseException:
                # Nobody waits for the answer any more, which would be taken for the next one.
                self.close()
                raise
            finally:
                self._idle = threading.Timer(_IDLE, self.close)
                self._idle.daemon = True
                self._idle.start()

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                process.end()
                process.complaints.close()

    def _fault(self, path: Path) -> str:
        why = ""
        for _ in range(2):
            process = self._process
            if process is None:
                process = self._begun(path)
            before = os.fstat(process.complaints.fileno()).st_size
            found = process.ask(path)
            if found is not None:
                return found
            self._process = None
            process.end()
            why = process.why_ended(before)
            if -process.running.returncode not in _BY_OTHERS:
                break
        return why

    def _begun(self, path: Path) -> _Process:
        """Begin a process for a file. Raises DataError when there can be none."""
        try:
            process = self._process = _begin()
            if process.answer() is not None:
                return process
            self._process = None
            process.end()
            why = process.why_ended()
        except OSError as error:
            why = str(error)
        msg = (
            f"{path} was not read: Parquet files are tried in a process apart, and none could be "
            f"begun ({why}). Let skim begin processes and have memory for them, or record as CSV."
        )
        raise DataError(msg)


def _begin() -> _Process:
    loud = _LOG.isEnabledFor(logging.DEBUG)
    environment: Mapping[str, str] = os.environ if loud else {**os.environ, "RUST_BACKTRACE": "0"}
    with ExitStack() as unless_begun:
        complaints = unless_begun.enter_context(tempfile.TemporaryFile())
        running = subprocess.Popen(  # noqa: S603  this very Python, and nothing of the file's
            [sys.executable, "-c", _SERVE, *map(str, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
            # A terminal sends Ctrl-C to its whole group: this process decides what it means.
            process_group=0,
        )
        unless_begun.pop_all()
    assert running.stdin is not None
    assert running.stdout is not None
    return _Process(running, running.stdin, running.stdout, complaints)


def _ended_by(code: int) -> str:
    with suppress(ValueError):
        return f"the process that read it ended by {signal.Signals(-code).name}"
    return f"the process that read it ended with {code}"
