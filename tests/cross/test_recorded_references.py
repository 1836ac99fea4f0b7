"""Trades on recorded days, against the plain-Python references of the plugins' own tests."""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
from pathlib import Path

import pytest

from skim_core.calendar.exchanges import load_exchange
from skim_core.sim.recorded import RecordedFeed
from skim_core.testing.simulate import session_of, simulate_day, simulate_days

CHECKOUT = Path(__file__).parent.parent.parent
DATA = Path(os.environ.get("SKIM_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
BARS = DATA / "bars_1m" / "XNYS"
DATES = ["2025-01-13", "2025-01-27", "2025-02-03"]
WEEK = ["2025-01-15", "2025-01-16", "2025-01-17", "2025-01-21"]  # a long weekend in it

pytestmark = pytest.mark.skipif(not BARS.is_dir(), reason=f"there are no recorded bars in {BARS}")


def reference_of(plugin):
    """Return the module with the reference of a plugin."""
    path = CHECKOUT / "plugins" / plugin / "tests" / "test_reference.py"
    specification = importlib.util.spec_from_file_location(f"{path.parts[-3]}_reference", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def sessions(dates, cache):
    found = [session_of("XNYS", date, cache) for date in dates]
    assert [session.date for session in found] == [dt.date.fromisoformat(date) for date in dates]
    return found, load_exchange("XNYS", on=found[0].date)


@pytest.mark.parametrize("date", DATES)
def test_gap_fade_trades_recorded_days_by_its_rules(tmp_path, date):
    rules, feed = reference_of("skim-strategy-gap-fade"), RecordedFeed(DATA)
    [session], exchange = sessions([date], tmp_path)
    expected = rules.Reference(feed.load(session, exchange), exchange).trades()
    day = simulate_day(
        "gap_fade", session, tmp_path, feed=feed, config=rules.UNLIMITED, broker=rules.GENEROUS
    )
    assert expected
    assert rules.traded(day) == expected


def test_overnight_trades_recorded_days_by_its_rules(tmp_path):
    rules, feed = reference_of("skim-strategy-overnight"), RecordedFeed(DATA)
    found, exchange = sessions(WEEK, tmp_path)
    reference = rules.Reference()
    for session in found:
        reference.play(rules.Session(feed.load(session, exchange), exchange))
    days = simulate_days(
        "overnight", found, tmp_path, feed=feed, config=rules.SETTINGS, broker=rules.GENEROUS
    )
    assert len(reference.fills) > len(found)
    assert rules.traded(days) == sorted(reference.fills)
