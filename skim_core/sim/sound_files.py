"""Which Parquet files are known to be sound, by their content: they are read without a trial.

A process knows a file again by its size and times, and so reads it once for its digest. Others
know the digest: processes that it begins are told, later ones find it in a file.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO, TypeAlias

_NAME = "sound_files"
_KEPT = 10_000
"""Files that are remembered, the latest; twice as many before the others are forgotten."""

_SETTLED = 2 * 10**9
"""Nanoseconds after which a file that is written has another time, on any file system."""

Identity: TypeAlias = tuple[int, ...]
Known: TypeAlias = tuple[Mapping[Identity, str], frozenset[str]]
"""The digests of files, and which digests are of sound ones: from process to process."""


class SoundFiles:
    """What this process knows of files, and which of them it knows to be sound."""

    def __init__(self) -> None:
        self._digests: dict[Identity, str] = {}
        self._sound: set[str] = set()
        self._recalled: set[Path] = set()

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a file, which is read when it is not known. Raises OSError."""
        identity = _identity(path.stat())
        known = self._digests.get(identity)
        if known is not None:
            return known
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            found = os.fstat(file.fileno())
        # One that changes while it is read, or may yet do so at the same time, is not known again.
        if _identity(found) == identity and time.time_ns() - found.st_ctime_ns > _SETTLED:
            self._digests[identity] = digest
        return digest

    def is_sound(self, digest: str, version: str, folder: Path | None = None) -> bool:
        """Tell whether a file was found sound by this version of what reads it.

        `folder` is where that is remembered from process to process, None for nowhere.
        """
        self.recall(folder)
        return _line(digest, version) in self._sound

    def add(self, digest: str, version: str, folder: Path | None = None) -> None:
        """Remember that a file was found sound. That it can't be written costs time alone."""
        line = _line(digest, version)
        self._sound.add(line)
        if folder is not None:
            with suppress(OSError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with _private(folder / _NAME, os.O_APPEND) as file:
                    file.write(f"{line}\n")

    def recall(self, folder: Path | None) -> None:
        """Know what other processes have remembered in a folder."""
        if folder is None or folder in self._recalled:
            return
        self._recalled.add(folder)
        with suppress(OSError):
            # What is no line of ours is the line of no file.
            lines = (folder / _NAME).read_text("ascii", "replace").splitlines()
            self._sound.update(lines)
            if len(lines) > 2 * _KEPT:
                _write(folder, lines[-_KEPT:])

    def known(self) -> Known:
        """Return what another process on this machine needs to know the same files again."""
        return dict(self._digests), frozenset(self._sound)

    def learn(self, known: Known) -> None:
        """Know what another process knew."""
        digests, sound = known
        self._digests.update(digests)
        self._sound |= sound


def _line(digest: str, version: str) -> str:
    return f"{digest} {version}"


def _identity(found: os.stat_result) -> Identity:
    times = found.st_mtime_ns, found.st_ctime_ns
    return found.st_dev, found.st_ino, found.st_size, *times


def _private(path: Path, way: int) -> TextIO:
    """Open a file to write, for its user alone."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | way, 0o600)
    return os.fdopen(opened, "w", encoding="ascii", errors="replace")


def _write(folder: Path, lines: list[str]) -> None:
    """Write the file anew."""
    written = folder / f".{_NAME}.{os.getpid()}"
    with _private(written, os.O_TRUNC) as file:
        file.writelines(f"{line}\n" for line in lines)
    written.replace(folder / _NAME)
