"""Tables and documents as a replay writes them: exact numbers as text, times in UTC."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from skim_core.errors import ConfigError
from skim_core.model.written import written


def as_json(value: Any) -> bytes:
    """Return a JSON document. Raises TypeError for what has no form in it."""
    return json.dumps(value, indent=2, default=written, allow_nan=False).encode() + b"\n"


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a CSV table with a header; None is an empty cell."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows([_cell(row[column]) for column in columns] for row in rows)
    return text.getvalue().encode()


def write_new(path: Path, content: bytes) -> None:
    """Write a new file for this user alone. Raises ConfigError when it can't be written."""
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:  # noqa: PTH123  a file for this user alone
            file.write(content)
    except OSError as error:
        raise no_room(path, error) from error


def no_room(path: Path, error: OSError) -> ConfigError:
    """Return the error of a file or folder that can't be written while a replay goes on."""
    return ConfigError(
        f"{path.name} can't be written to {path.parent} ({error.strerror}): make room on the disk "
        "and give this user the right to write there, then run the same command again; it goes "
        "on with what is finished."
    )


def _cell(value: Any) -> str | int:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int | str) else written(value)
