"""The pytest plugin: fixtures for days, tapes, faults, the clock and the command line.

It is imported by every pytest in an environment that has skim, also where nothing of skim is
tested: so it imports pytest and nothing else until a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from skim_core.clock.virtual import VirtualClock
    from skim_core.model.session import Session
    from skim_core.testing.command import Skim
    from skim_core.testing.simulate import SimulatedDay

pytest.register_assert_rewrite("skim_core.testing.assertions", "skim_core.testing.conformance")


@pytest.fixture(scope="session")
def skim_calendars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which the sessions of exchanges are kept."""
    return tmp_path_factory.mktemp("skim-calendars")


@pytest.fixture(scope="session")
def skim_session(skim_calendars: Path) -> Callable[..., Session]:
    """Give sessions: ``skim_session("2026-11-24")``, ``skim_session("2025-01-15", "XNYS")``."""

    def found(date: str, exchange: str = "XASX") -> Session:
        from skim_core.testing.simulate import session_of

        return session_of(exchange, date, skim_calendars)

    return found


@pytest.fixture(scope="session")
def skim_full_day(skim_session: Callable[..., Session]) -> Session:
    """Give a session of the ASX like most: 24 November 2026, 10:00 to 16:00."""
    return skim_session("2026-11-24")


@pytest.fixture(scope="session")
def skim_half_day(skim_session: Callable[..., Session]) -> Session:
    """Give a session that closes early: 24 December 2026, 10:00 to 14:10."""
    return skim_session("2026-12-24")


@pytest.fixture(scope="session")
def skim_dst_day(skim_session: Callable[..., Session]) -> Session:
    """Give the first session of daylight saving in Sydney: 5 October 2026, an hour earlier in UTC."""
    return skim_session("2026-10-05")


@pytest.fixture(scope="session")
def skim_day_off() -> date:
    """Give a weekday on which the ASX is closed: Australia Day, 26 January 2026."""
    import datetime as dt

    return dt.date(2026, 1, 26)


@pytest.fixture(scope="session")
def skim_play(
    tmp_path_factory: pytest.TempPathFactory,
    skim_session: Callable[..., Session],
    skim_full_day: Session,
) -> Callable[..., SimulatedDay]:
    """Play a strategy's day: ``skim_play("gap", Tape.of(...), session=skim_half_day)``.

    The first argument is the strategy's name, the second the market (a generated one when left
    out): a `Tape`, any feed, or the shares of a tape. `session` is a session or a date; the
    full day when not given. All others are those of `simulate_day`.
    """

    def played(
        strategy: Any, market: Any = None, *, session: Any = None, **options: Any
    ) -> SimulatedDay:
        from skim_core.testing.simulate import simulate_day
        from skim_core.testing.tape import Tape

        feed = market if market is None or hasattr(market, "load") else Tape(market)
        day = skim_session(session) if isinstance(session, str) else session or skim_full_day
        return simulate_day(strategy, day, tmp_path_factory.mktemp("day"), feed=feed, **options)

    return played


@pytest.fixture(scope="session")
def skim_play_days(
    tmp_path_factory: pytest.TempPathFactory, skim_session: Callable[..., Session]
) -> Callable[..., list[SimulatedDay]]:
    """Play days in a row: ``skim_play_days("gap", {"2026-11-24": {...}, "2026-11-25": {...}})``.

    The market has a `Tape`, or its shares, for each date; with another feed give `dates`. What a
    day leaves open is the next one's.
    """

    def played(
        strategy: Any,
        market: Any = None,
        *,
        dates: Any = None,
        exchange: str = "XASX",
        **options: Any,
    ) -> list[SimulatedDay]:
        from skim_core.testing.simulate import simulate_days
        from skim_core.testing.tape import Tapes

        feed = market if market is None or hasattr(market, "load") else Tapes(market)
        wanted = dates or list(getattr(feed, "sessions", ()))
        sessions = [skim_session(date, exchange) for date in wanted]
        return simulate_days(
            strategy, sessions, tmp_path_factory.mktemp("days"), feed=feed, **options
        )

    return played


@pytest.fixture
def skim_clock(skim_full_day: Session) -> VirtualClock:
    """Give a virtual clock, a quarter of an hour before the open of the full day."""
    from datetime import timedelta

    from skim_core.clock.virtual import VirtualClock

    return VirtualClock(skim_full_day.open - timedelta(minutes=15))


@pytest.fixture
def skim_cli(tmp_path: Path) -> Skim:
    """Run skim's command line: ``skim_cli("status", "--json").json``.

    It runs in the test's own folder, with nothing configured: write ``skim.toml`` there.
    """
    from skim_core.testing.command import Skim

    return Skim(tmp_path)
