"""Order ids that were never used before, over restarts of skim and of TWS."""

from __future__ import annotations

import os
from pathlib import Path

from skim_core.errors import BrokerError

_BLOCK = 1000
"""Ids that are set aside at a time, so that the file is written seldom."""


class IdFloor:
    """Remembers in a file below which number every id may have been used.

    TWS gives the next id, but after a restart it may give ids again that it never saw, or
    that another connection used. The file is per account and client id.
    """

    def __init__(self, directory: Path, client_id: int) -> None:
        self._path = directory / f"order-ids-{client_id}"
        self._floor: int | None = None

    def start(self, known: int) -> int:
        """Return the lowest id to use, above `known` and what was set aside before.

        Raises BrokerError when the file can't be read or written.
        """
        lowest = max(known + 1, self._read())
        self._write(lowest + _BLOCK)
        return lowest

    def use(self, order_id: int) -> None:
        """Set more aside when this id is at the end of it. Raises BrokerError."""
        if self._floor is None or order_id >= self._floor:
            self._write(order_id + 1 + _BLOCK)

    def _read(self) -> int:
        try:
            text = self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            return 1
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        if not text.strip().isdigit():
            why = f"expected a number, found {text[:20]!r}"
            raise self._unusable(why)
        return int(text)

    def _write(self, floor: int) -> None:
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="ascii") as file:
                file.write(f"{floor}\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        self._floor = floor

    def _unusable(self, why: str) -> BrokerError:
        msg = (
            f"{self._path}: {why}. It says which order ids may have been used: mend it, or remove "
            "it when no order of today was placed with this client id."
        )
        return BrokerError(msg)
