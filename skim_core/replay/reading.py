"""Reads back what a replay wrote into its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from skim_core.errors import DataError
from skim_core.replay.folder import read_plan
from skim_core.replay.plan import Plan
from skim_core.replay.trades import Trade

_TRADES = TypeAdapter(tuple[Trade, ...])


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay as its folder tells it; `summary` is what ``summary.json`` holds, amounts as text."""

    plan: Plan
    trades: tuple[Trade, ...]
    summary: dict[str, Any]


def read_replay(folder: Path) -> Replay:
    """Return the replay in `folder`.

    Raises ConfigError when there is none, and DataError for a file that is missing or can't
    be read.
    """
    return Replay(read_plan(folder), read_trades(folder), read_summary(folder))


def read_trades(folder: Path) -> tuple[Trade, ...]:
    """Return the table of trades. Raises DataError when it is missing or can't be read."""
    path = folder / "trades.json"
    try:
        return _TRADES.validate_json(_content(path))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = f"{path} is no table of trades of this skim: {where}: {first['msg']}. Replay anew."
        raise DataError(msg) from error


def read_summary(folder: Path) -> dict[str, Any]:
    """Return the summary. Raises DataError when it is missing or can't be read."""
    path = folder / "summary.json"
    try:
        found = json.loads(_content(path))
    except ValueError as error:
        msg = f"{path} is not JSON ({error}). Replay anew."
        raise DataError(msg) from error
    if not isinstance(found, dict):
        msg = f"{path} is no summary of a replay. Replay anew."
        raise DataError(msg)
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} can't be read ({error.strerror}): replay anew."
        raise DataError(msg) from error
