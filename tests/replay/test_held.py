"""Market data that the replays of a sweep have in common."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from skim_core.calendar.exchanges import load_exchange
from skim_core.model.session import Session
from skim_core.sim.generated import GeneratedFeed
from skim_core.sweep.held import HeldFeed

SESSIONS = [
    Session(
        exchange="XASX",
        date=date(2025, 1, 7 + day),
        open=datetime(2025, 1, 6 + day, 23, tzinfo=UTC),
        close=datetime(2025, 1, 6 + day, 23, tzinfo=UTC) + timedelta(hours=6),
        timezone="Australia/Sydney",
    )
    for day in range(3)
]
EXCHANGE = load_exchange("XASX", on=date(2025, 1, 7))


class Counting:
    """A generated market that writes down which sessions it was asked for."""

    def __init__(self):
        self.asked = []
        self._feed = GeneratedFeed(symbols=10)

    def load(self, session, exchange):
        self.asked.append(session)
        return self._feed.load(session, exchange)


@pytest.fixture
def counting():
    return Counting()


def load_twice(feed):
    return [[feed.load(session, EXCHANGE) for session in SESSIONS] for _ in range(2)]


def test_each_session_is_loaded_once(counting):
    first, second = load_twice(HeldFeed(counting))
    assert counting.asked == SESSIONS
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_what_doesnt_fit_is_loaded_again(counting):
    """Five columns of 360 minutes and a close, of ten symbols: 144,080 bytes a session."""
    load_twice(HeldFeed(counting, most=2 * 144_080))
    assert counting.asked == [*SESSIONS, SESSIONS[2]]
