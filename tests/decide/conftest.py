from __future__ import annotations

import datetime as dt

import pytest

from skim_core.testing.graphs import make_session


@pytest.fixture(scope="session")
def full_day():
    """ASX, 5 January 2026, 10:00 to 16:00."""
    return make_session("XASX", dt.date(2026, 1, 5))


@pytest.fixture(scope="session")
def half_day():
    """ASX, 24 December 2026, 10:00 to 14:10."""
    return make_session("XASX", dt.date(2026, 12, 24), half_day=True)
