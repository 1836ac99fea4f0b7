"""Simulated sessions in a row, written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings

from skim_core.testing import SimulatedDay, Tapes

# A machine that others use too is no reason to fail.
settings.register_profile("overnight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("overnight")


@dataclass(frozen=True)
class PlayedDays:
    """Days that were run one after the other."""

    days: Sequence[SimulatedDay]

    @property
    def fills(self):
        """Each fill of all days as (day and local time, side, symbol, shares, price)."""
        return [(local(day, fill.at), *fill[1:]) for day in self.days for fill in day.fills]

    def traded(self, symbol):
        """Return a share's fills as (day and local time, side, shares, price)."""
        return [(at, side, *rest) for at, side, found, *rest in self.fills if found == symbol]

    def entered(self, number):
        """Return the symbols that were bought on day `number`, in the order of the decisions."""
        return [symbol for symbol, _ in self.days[number].entries]

    def bare(self):
        """Return (day and local time, symbol) of every instant that ends without a stop."""
        return [(local(day, at), symbol) for day in self.days for at, symbol in day.unprotected()]


def local(day, time):
    return f"{day.session.date:%d} {time}"


@pytest.fixture(scope="session")
def play(skim_play_days):
    """Run days on tapes: ``play({"2026-11-24": {"AAA": {"10:00": 1.10}}})``."""

    def played(tapes=None, *, dates=None, exchange="XASX", volumes=None, feed=None, **options):
        market = feed or Tapes(tapes or {}, volumes or {})
        dates = dates or list(tapes)
        return PlayedDays(
            skim_play_days("overnight", market, dates=dates, exchange=exchange, **options)
        )

    return played
