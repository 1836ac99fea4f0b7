"""Market data that many replays of the same sessions have in common."""

from __future__ import annotations

from skim_core.model.exchange import Exchange
from skim_core.model.session import Session
from skim_core.sim.data import Feed, SessionData

_MOST_BYTES = 256 * 1024 * 1024
"""Of a process: some 90 sessions of 200 symbols."""


class HeldFeed:
    """A feed that keeps the sessions it loaded, as many as fit into `most` bytes.

    The first that come stay: replays go through the sessions in the same order, and of the
    last ones used none would be there when it is wanted again. What it gives is shared by
    whoever asks, to be read, never written.
    """

    def __init__(self, feed: Feed, most: int = _MOST_BYTES) -> None:
        self._feed = feed
        self._room = most
        self._held: dict[Session, SessionData] = {}

    def load(self, session: Session, exchange: Exchange) -> SessionData:
        """Return the session's data. Raises DataError as the feed does."""
        held = self._held.get(session)
        if held is not None:
            return held
        data = self._feed.load(session, exchange)
        size = _size(data)
        if size <= self._room:
            self._room -= size
            self._held[session] = data
        return data


def _size(data: SessionData) -> int:
    bars = data.bars
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume, data.previous_close)
    return sum(column.nbytes for column in columns)
