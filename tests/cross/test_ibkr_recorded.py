"""Recorded days over the broker ``ibkr`` and a real socket: the trades are the simulator's."""

from __future__ import annotations

import pytest

from skim_core.sim.recorded import RecordedFeed
from skim_core.testing.simulate import session_of, simulate_day

from .test_ibkr_days import decided, fills, traded
from .test_recorded_days import DATA, DATES, pytestmark
from .through_gateway import day_through_gateway

__all__ = ["pytestmark"]


# Days on which the strategy trades. On 27 January 2025 gap_fade enters five brackets at once, which
# IBKR's limit on messages must not hold up: a second late is a minute of bars.
@pytest.mark.parametrize(
    ("strategy", "date"),
    [
        *(("orh_breakout", date) for date in DATES[:2]),
        *(("gap_fade", date) for date in ("2025-01-27", "2025-02-06")),
        *(("overnight", date) for date in DATES[:2]),
    ],
)
def test_the_trades_of_a_recorded_day_are_those_on_the_simulator(tmp_path, strategy, date):
    (tmp_path / "sim").mkdir()
    feed, session = RecordedFeed(DATA), session_of("XNYS", date, tmp_path)
    simulated = simulate_day(strategy, session, tmp_path / "sim", feed=feed)
    day, _ = day_through_gateway(strategy, session, tmp_path, feed=feed)
    assert day.result.end == "completed"
    assert fills(day)
    assert traded(day) == traded(simulated)
    assert decided(day) == decided(simulated)
