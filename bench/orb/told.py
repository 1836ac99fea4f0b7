"""What the engines of the comparison have in common: the rules' numbers, and what they tell."""

from __future__ import annotations

import csv
import json
import resource
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

RANGE, FIRST = 5, 15
"""The bars of the opening range, and the first bar at whose end may be bought."""

BUFFER, TOLERANCE = 0.01, 1e-9


class Trade(NamedTuple):
    """One trade; sessions, symbols and bars by number, prices in currency.

    An engine that fills elsewhere than the reference says leaves the prices away.
    """

    session: int
    symbol: int
    entry_bar: int
    entry_price: float | None
    exit_bar: int
    exit_price: float | None
    reason: str


def tell(trades: Iterable[Trade], target: Path, **seconds: float) -> None:
    """Write the trades, sorted, and print the seconds and the peak of memory as JSON."""
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for trade in sorted(trades):
            prices = (trade.entry_price, trade.exit_price)
            bought, sold = ("" if price is None else f"{price:.2f}" for price in prices)
            writer.writerow([*trade[:3], bought, trade.exit_bar, sold, trade.reason])
    print(json.dumps({**seconds, "peak_mb": _peak() // 1024}))
    sys.stdout.flush()


def _peak() -> int:
    """Return the most memory that the process had, in kilobytes.

    Of itself alone, as Linux tells it: what getrusage(2) says begins with the parent's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [row for row in status.read_text().splitlines() if row.startswith("VmHWM:")]
        return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def rows(source: Path) -> list[tuple[str, ...]]:
    """Return the trades that `tell` wrote."""
    with source.open(newline="", encoding="utf-8") as file:
        return [tuple(row) for row in csv.reader(file)]
