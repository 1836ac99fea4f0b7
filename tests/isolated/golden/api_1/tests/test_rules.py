"""The package's own promises, over markets as they may come."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skim_core import Session
from skim_core.testing import SimulatedDay, assert_ordered_once, assert_protected
from skim_core.testing.markets import tapes


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_the_market_does_each_share_is_bought_once(
    data, skim_play, skim_full_day: Session
) -> None:
    day: SimulatedDay = skim_play("golden_1", data.draw(tapes(skim_full_day, "AAA", "BBB")))
    assert_ordered_once(day)
    assert_protected(day)
