"""Whole simulated days of sessions that are written by hand."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from skim_core.testing import Tape

# A machine that others use too is no reason to fail.
settings.register_profile(
    "orh_breakout", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("orh_breakout")


@pytest.fixture(scope="session")
def play(skim_play, skim_session):
    """Run a day on a tape: ``play({"AAA": {"10:00": 1.10}})``."""

    def played(
        shares=None, *, date="2026-11-24", exchange="XASX", volumes=None, feed=None, **options
    ):
        market = feed or Tape(shares or {}, volumes or {})
        return skim_play("orh_breakout", market, session=skim_session(date, exchange), **options)

    return played
