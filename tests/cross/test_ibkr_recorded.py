"""Recorded days over the broker ``ibkr`` and a real socket: the trades are the simulator's."""

from __future__ import annotations

from skim_core.sim.recorded import RecordedFeed
from skim_core.testing.simulate import session_of, simulate_day

from .test_ibkr_days import decided, fills, traded
from .test_recorded_days import DATA, DATES, pytestmark
from .through_gateway import day_through_gateway

__all__ = ["pytestmark"]


def test_the_trades_of_a_recorded_day_are_those_on_the_simulator(tmp_path):
    (tmp_path / "sim").mkdir()
    feed, session = RecordedFeed(DATA), session_of("XNYS", DATES[0], tmp_path)
    simulated = simulate_day("orh_breakout", session, tmp_path / "sim", feed=feed)
    day, _ = day_through_gateway("orh_breakout", session, tmp_path, feed=feed)
    assert day.result.end == "completed"
    assert len(fills(day)) > 3
    assert traded(day) == traded(simulated)
    assert decided(day) == decided(simulated)
