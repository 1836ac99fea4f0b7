"""The kinds of streams, as conversations keep them."""

from __future__ import annotations

TICKS = "ticks"
BARS = "bars"
TICK_BY_TICK = "tick by tick"
DEPTH = "depth"
HISTORY = "history"
SCANNER = "scanner"

MARKET_KINDS = frozenset({TICKS, BARS, TICK_BY_TICK, DEPTH, HISTORY, SCANNER})
"""Those that the data farms feed."""
