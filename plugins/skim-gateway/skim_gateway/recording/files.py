"""A recording as a file: one line of JSON for each message, after one about the whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from skim_core.errors import ConfigError, DataError

FORMAT = 1
CLIENT, GATEWAY = "client", "gateway"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message: `at` seconds after the first, of which connection, from which side."""

    at: float
    connection: int
    version: int
    source: str
    fields: tuple[str, ...]


class RecordingWriter:
    """Writes a recording, readable by nobody else. Raises ConfigError when it is there already."""

    def __init__(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            msg = f"{path} can't be made ({error.strerror or error}): give another file."
            raise ConfigError(msg) from error
        self._file: IO[str] = os.fdopen(descriptor, "w", encoding="utf-8")
        self._line({"skim_gateway_recording": FORMAT})

    def write(self, entry: Entry) -> None:
        """Add a message."""
        self._line(
            {
                "at": round(entry.at, 6),
                "connection": entry.connection,
                "version": entry.version,
                "from": entry.source,
                "fields": entry.fields,
            }
        )

    def _line(self, values: dict[str, Any]) -> None:
        self._file.write(json.dumps(values) + "\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read_recording(path: Path) -> list[Entry]:
    """Return a recording's messages, the earliest first. Raises DataError naming the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        msg = f"{path} can't be read ({why}): give a file that 'skim-gateway record' wrote."
        raise DataError(msg) from error
    if not lines:
        msg = f"{path} is empty: give a file that 'skim-gateway record' wrote."
        raise DataError(msg)
    return [entry for number, line in enumerate(lines, 1) for entry in _read(path, number, line)]


def _read(path: Path, number: int, line: str) -> list[Entry]:
    """Return the message of a line; none of the first one, which is about the whole."""
    try:
        values = json.loads(line)
        if number > 1:
            return [_entry(values)]
        found = values["skim_gateway_recording"]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path}, line {number}: not of a recording ({error}). Record it again."
        raise DataError(msg) from error
    if found != FORMAT:
        msg = f"{path} has format {found!r}: expected {FORMAT}. Read it with the version that wrote it."
        raise DataError(msg)
    return []


def _entry(values: dict[str, Any]) -> Entry:
    return Entry(
        at=float(values["at"]),
        connection=int(values["connection"]),
        version=int(values["version"]),
        source=str(values["from"]),
        fields=tuple(map(str, values["fields"])),
    )


def of(entries: Iterable[Entry], source: str) -> list[Entry]:
    """Return the entries from one side."""
    return [entry for entry in entries if entry.source == source]
