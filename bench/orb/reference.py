"""The ORB reference in plain numpy: what every engine's trades are compared with.

Run: python reference.py BARS.npz TRADES.csv
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from told import BUFFER, FIRST, RANGE, TOLERANCE, Trade, tell


def trades(bars: NDArray[np.float64]) -> Iterator[Trade]:
    """Yield the trades of bars shaped (sessions, symbols, minutes, open high low close volume)."""
    last = bars.shape[2] - 1
    for session, day in enumerate(bars):
        opened, high, low, close = (day[..., place] for place in range(4))
        top, bottom = high[:, :RANGE].max(axis=1), low[:, :RANGE].min(axis=1)
        broke = close[:, FIRST : last - 1] > top[:, None] + BUFFER + TOLERANCE
        for symbol in np.flatnonzero(broke.any(axis=1)).tolist():
            entry = FIRST + int(broke[symbol].argmax()) + 1
            price, stop = float(opened[symbol, entry]), float(bottom[symbol])
            fell = np.flatnonzero(low[symbol, entry:last] <= stop + TOLERANCE)
            if not fell.size:
                yield Trade(session, symbol, entry, price, last, float(opened[symbol, last]), "end")
                continue
            at = entry + int(fell[0])
            sold = min(price if at == entry else float(opened[symbol, at]), stop)
            yield Trade(session, symbol, entry, price, at, sold, "stop")


def main(source: Path, target: Path) -> None:
    """Time the reference alone; its trades go to a file."""
    bars = np.load(source)["bars"]
    began = time.perf_counter()
    found = list(trades(bars))
    tell(found, target, run=time.perf_counter() - began)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
