"""Four shares whose prices go straight ways, so that each trade of the day has its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skim_core.ports.bars import Bars
from skim_core.sim.data import SessionData

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange
    from skim_core.model.session import Session

_WAYS = {
    "ALP": (10.0, 0.02),  # rises slowly: bought in parts, its stop follows, sold at the end
    "ARC": (10.0, -0.03),  # falls: bought, and sold by its stop
    "BEN": (5.0, 0.0),  # stands: the limit below it is never reached, and cancelled
    "BOW": (10.0, 0.05),  # rises quickly: bought, and sold at its target
}
"""Of each symbol the first price and how much it moves each minute, in quote currency."""

_VOLUME = 4000.0
"""Shares traded each minute, of which one side may have a tenth."""


class StraightFeed:
    """The same prices in every session."""

    def load(self, session: Session, exchange: Exchange) -> SessionData:
        """Return the session's data."""
        minutes = np.arange(session.minutes + 1)
        prices = np.array([start + move * minutes for start, move in _WAYS.values()]).round(2)
        prices = np.maximum(prices, 1.0)
        opened, close = prices[:, :-1], prices[:, 1:]
        bars = Bars(
            symbols=tuple(_WAYS),
            start=session.open,
            open=opened,
            high=np.maximum(opened, close) + 0.01,
            low=np.minimum(opened, close) - 0.01,
            close=close,
            volume=np.full(close.shape, _VOLUME),
        )
        return SessionData(session, bars, previous_close=prices[:, 0] * 0.95)
