"""No strategy of ours decides by what has not happened yet."""

from __future__ import annotations

import pytest

from skim_core.testing.lookahead import find_lookahead
from skim_core.testing.replays import plan_days

# Sessions with trades: opening groups, a half day, nights with positions.
SESSIONS = [
    ("orh_breakout", "XASX", "2025-04-10", "2025-04-11", {"gap_minimum": 1}),
    ("orh_breakout", "XNYS", "2025-11-28", "2025-11-28", {"gap_minimum": 1}),
    ("gap_fade", "XASX", "2025-04-04", "2025-04-07", {"gap_minimum": 1}),
    ("gap_fade", "XNYS", "2025-11-28", "2025-11-28", {"gap_minimum": 1}),
    ("overnight", "XASX", "2025-04-04", "2025-04-08", {"stop_distance": 1}),
    ("overnight", "XNYS", "2025-11-26", "2025-11-28", {"stop_distance": 1}),
]


@pytest.mark.parametrize(("strategy", "exchange", "first", "last", "config"), SESSIONS)
def test_decisions_are_the_same_whatever_comes_after(
    tmp_path, strategy, exchange, first, last, config
):
    broker = {"symbols": 40, "seed": 7, "participation": 0.05}
    plan = plan_days(
        strategy, first, last, tmp_path, exchange=exchange, config=config, broker=broker
    )
    assert [str(peek) for peek in find_lookahead(plan, cuts=3)] == []
