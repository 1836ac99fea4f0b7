"""A test class that holds a strategy to what skim expects of every strategy.

>>> class TestGap(StrategyConformance):
...     strategy = "gap"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from skim_core.testing.assertions import (
    assert_completed,
    assert_left_nothing,
    assert_ordered_once,
    assert_protected,
)

if TYPE_CHECKING:
    from skim_core.model.session import Session
    from skim_core.sim.data import Feed
    from skim_core.testing.simulate import SimulatedDay

    Play = Callable[..., SimulatedDay]

_KINDS = ("skim_full_day", "skim_half_day", "skim_dst_day")
_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "entries are refused": {"rejects": ("entry",)},
    "stops are refused": {"rejects": ("stop",)},
    "exits are refused at first": {"lost_requests": (2,)},
    "answers are lost": {"lost_answers": (1, 2)},
    "the line is down": {"line_down": (("10:30", "11:00"), ("13:00", "13:05"))},
    "notices come twice": {"tells_twice": True},
    "notices come late": {"tells_late": timedelta(seconds=90)},
}


class StrategyConformance:
    """Subclass it in a test module and name the strategy; each method is a test.

    `config` stands in for the strategy's section of skim.toml. `market` is what it trades on,
    best a `Tape` on which it does all that it does; a generated market of 40 symbols when left
    out. `ends_flat` is False for a strategy that holds positions over the night, `enters_once`
    for one that may enter a symbol again on the same day.
    """

    strategy: ClassVar[str]
    config: ClassVar[Mapping[str, Any]] = {}
    market: ClassVar[Feed | None] = None
    ends_flat: ClassVar[bool] = True
    enters_once: ClassVar[bool] = True

    def played(self, skim_play: Play, **options: Any) -> SimulatedDay:
        """Play a day with the strategy's configuration and market."""
        given = {"config": self.config, "broker": {"symbols": 40}} | options
        return skim_play(self.strategy, self.market, **given)

    def holds(self, day: SimulatedDay) -> None:
        """Assert what holds on every day, whatever the broker did."""
        if self.enters_once:
            assert_ordered_once(day)
        unknown = [state for state in day.book.orders.values() if state.stage == "unknown"]
        if self.ends_flat and not unknown:
            assert_left_nothing(day)

    def test_its_graph_fits_every_kind_of_session(self, request: pytest.FixtureRequest) -> None:
        """Every window lies inside the session, on half days too."""
        from skim_core.plugins.strategies import load_strategy  # noqa: PLC0415

        graph = load_strategy(self.strategy).graph
        for kind in _KINDS:
            session: Session = request.getfixturevalue(kind)
            graph.check_windows(session)

    @pytest.mark.parametrize("kind", _KINDS)
    def test_every_kind_of_day_completes(
        self, request: pytest.FixtureRequest, skim_play: Play, kind: str
    ) -> None:
        """A whole day runs to its end, positions are protected, and it ends flat if it says so."""
        day = self.played(skim_play, session=request.getfixturevalue(kind))
        assert_completed(day)
        assert_protected(day)
        self.holds(day)

    def test_the_same_day_twice_is_the_same(self, skim_play: Play) -> None:
        """The same market and configuration give the same events."""
        first, second = self.played(skim_play), self.played(skim_play)
        assert first.events == second.events, "two runs of one day differ"

    @pytest.mark.parametrize("fault", _FAULTS)
    def test_a_fault_at_the_broker_leaves_it_sound(self, skim_play: Play, fault: str) -> None:
        """Whatever the broker does, nothing is ordered twice and nothing is left."""
        from skim_core.testing.faults import Faults  # noqa: PLC0415

        self.holds(self.played(skim_play, faults=Faults(**_FAULTS[fault])))

    def test_partial_fills_leave_it_sound(self, skim_play: Play) -> None:
        """Orders that trade in small parts, and not to the end, are dealt with."""
        broker = {"symbols": 40, "participation": 0.01}
        day = self.played(skim_play, broker=broker)
        assert_completed(day)
        assert_protected(day)
        if self.enters_once:
            assert_ordered_once(day)

    def test_a_kill_at_any_boundary_doubles_no_order(
        self, skim_full_day: Session, tmp_path: Path
    ) -> None:
        """Killed after any phase's or order's event and taken over, it enters nothing twice."""
        from skim_core.sim.generated import GeneratedFeed  # noqa: PLC0415
        from skim_core.testing.crashing import Crashes, boundaries, doubled  # noqa: PLC0415

        market = self.market or GeneratedFeed(seed=1, symbols=40)
        broker = {"symbols": 40}
        crashes = Crashes(self.strategy, skim_full_day, tmp_path, market, self.config, broker)
        undisturbed = crashes.undisturbed()
        for event, words in boundaries(undisturbed.events).items():
            day = crashes.killed_after(event)
            assert day.completed, f"killed after {words}, the day is {day.result.end}"
            again = doubled(undisturbed, day)
            assert not again, f"killed after {words}, it ordered {', '.join(again)}"
            self.holds(day)
