"""What a replay has done so far, beside its folder: what is finished survives a break-off.

While a replay runs, a hidden folder beside its own holds a lock, a line of JSON for each
session that is finished, and the files that will be the replay. Whatever ends the process,
the system gives the lock back; the same replay, begun again, takes the finished sessions
from their lines and goes on. Lines count only for the very same plan and code.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from skim_core.errors import ConfigError
from skim_core.model.base import Model
from skim_core.model.session import Session
from skim_core.plugins.extensions import load_extension
from skim_core.plugins.strategies import load_strategy
from skim_core.replay.plan import Plan
from skim_core.replay.sessions import SessionResult
from skim_core.replay.tables import no_room

RUNNING, REPEATING = "running", "repeating"
"""Whether a replay is being written, or repeated and compared: how its hidden folder ends."""

_LINES = "progress.jsonl"
_LOCK = "lock"
_FILES = "files"

_ABANDONED = timedelta(days=7)
"""After so long nobody goes on with a replay that broke off."""

_RESULT: TypeAdapter[SessionResult] = TypeAdapter(SessionResult)


class _Header(Model):
    kind: Literal["replay_progress"] = "replay_progress"
    plan: str
    code: str


class Progress:
    """A replay's hidden folder while this process holds its lock.

    `files` is an empty folder to write the replay's files in. `finished` are the sessions
    of the plan that were done before, from its beginning.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.files = folder / _FILES
        self._path = folder / _LINES
        self._sessions = plan.sessions
        header = _Header(plan=plan.digest, code=_code_digest(plan))
        self._first = header.model_dump_json().encode() + b"\n"
        shutil.rmtree(self.files, ignore_errors=True)
        self.files.mkdir(mode=0o700)
        self.finished, self._size = self._sound()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._descriptor = os.open(self._path, flags, 0o600)
        os.ftruncate(self._descriptor, self._size)
        if not self._size:
            self._append(self._first)

    def results(self) -> Iterator[SessionResult]:
        """Yield what came of the sessions that were finished before."""
        with self._path.open("rb") as lines:
            next(lines)
            for _ in self.finished:
                yield _RESULT.validate_json(next(lines))

    def keep(self, result: SessionResult) -> None:
        """Write down what came of the next session.

        Raises ConfigError when there is no room for it.
        """
        self._append(_RESULT.dump_json(result) + b"\n")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _append(self, line: bytes) -> None:
        try:
            left = memoryview(line)
            while left:
                left = left[os.write(self._descriptor, left) :]
            self._size += len(line)
        except OSError as error:
            # Half a line would be damage as soon as another follows it.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise no_room(self._path, error) from error

    def _sound(self) -> tuple[Sequence[Session], int]:
        """Return the sessions whose lines are whole and of this plan, and where they end."""
        try:
            lines = self._path.open("rb")
        except FileNotFoundError:
            return (), 0
        with lines:
            if lines.readline() != self._first:
                return (), 0
            size, count = len(self._first), 0
            for line, session in zip(lines, self._sessions, strict=False):
                if not line.endswith(b"\n") or not _is_of(line, session):
                    break
                size, count = size + len(line), count + 1
        return self._sessions[:count], size


@dataclass(frozen=True)
class NoProgress:
    """The progress of a replay that begins anew whenever it breaks off."""

    files: Path
    finished: Sequence[Session] = ()

    def results(self) -> Iterator[SessionResult]:
        """Yield nothing: nothing was finished before."""
        return iter(())

    def keep(self, result: SessionResult) -> None:
        """Let it go."""


@contextmanager
def progress_beside(folder: Path, plan: Plan, purpose: str) -> Iterator[Progress]:
    """Give the progress of a replay whose folder is `folder`; gone when all went well.

    What breaks off the block leaves it for the next time, if a session is finished. Raises
    ConfigError when nothing can be written there, or when another process is writing it.
    """
    aside = folder.absolute().parent / f".{folder.absolute().name}.{purpose}"
    try:
        # One by one: mkdir's own `parents` would let others into those above.
        for above in reversed(aside.parents):
            if not above.exists():
                above.mkdir(mode=0o700, exist_ok=True)
        lock = _locked(aside)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _remove_abandoned(aside)
        with closing(_begun(aside, folder, plan)) as progress:
            yield progress
        _remove(aside)
    except BaseException:
        shutil.rmtree(aside / _FILES, ignore_errors=True)
        if not _has_finished(aside):
            _remove(aside)
        raise
    finally:
        os.close(lock)


def _begun(aside: Path, folder: Path, plan: Plan) -> Progress:
    try:
        return Progress(aside, plan)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"a replay can't be written to {folder} ({error.strerror}): give this user the "
        "right to write there and room, or another folder with --out."
    )


def _has_finished(aside: Path) -> bool:
    try:
        with (aside / _LINES).open("rb") as lines:
            next(lines, None)
            return next(lines, b"").endswith(b"\n")
    except OSError:
        return False


def _locked(aside: Path) -> int:
    """Return the descriptor of the hidden folder's lock, which this process holds from now on."""
    path = aside / _LOCK
    while True:
        aside.mkdir(mode=0o700, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # whoever had it removed the folder in between
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.utime(descriptor)
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            msg = (
                f"another process is writing this replay in {aside}: wait until it is done, "
                "or give another folder with --out."
            )
            raise ConfigError(msg) from None
        except FileNotFoundError:
            pass
        os.close(descriptor)


def _remove_abandoned(aside: Path) -> None:
    """Remove what replays beside this one left behind long ago."""
    now = (aside / _LOCK).stat().st_mtime
    for purpose in (RUNNING, REPEATING):
        for lock in aside.parent.glob(f".*.{purpose}/{_LOCK}"):
            other = lock.parent
            if other == aside or not (other / _LINES).is_file():
                continue
            with suppress(OSError):
                if now - lock.stat().st_mtime < _ABANDONED.total_seconds():
                    continue
                descriptor = os.open(lock, os.O_RDWR)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _remove(other)
                finally:
                    os.close(descriptor)


def _remove(aside: Path) -> None:
    """Remove a hidden folder of which the lock is held; the lock last."""
    shutil.rmtree(aside / _FILES, ignore_errors=True)
    for name in (_LINES, _LOCK):
        (aside / name).unlink(missing_ok=True)
    with suppress(OSError):  # somebody else's file in it, or their lock by now
        aside.rmdir()


def _is_of(line: bytes, session: Session) -> bool:
    try:
        return _RESULT.validate_json(line).date == session.date
    except ValidationError:
        return False


def _code_digest(plan: Plan) -> str:
    """Return a SHA-256 of the modules of skim, of the strategies and of the extensions.

    Versions are in the plan, but whoever works on a strategy changes it without.
    """
    values = [load_strategy(strategy.name).info.value for strategy in plan.strategies]
    values += [load_extension(extension.name).info.value for extension in plan.extensions]
    digest = hashlib.sha256()
    for package in sorted({"skim_core", *(re.split("[.:]", value)[0] for value in values)}):
        for path in _modules(package):
            digest.update(
                f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode()
            )
    return digest.hexdigest()


def _modules(package: str) -> list[Path]:
    spec = find_spec(package)
    if spec is None:
        return []
    if spec.submodule_search_locations is None:
        return [Path(spec.origin)] if spec.origin is not None else []
    return sorted(
        path for folder in spec.submodule_search_locations for path in Path(folder).rglob("*.py")
    )
