"""The gap scan that two strategies share, and positions that are held over the night.

Through the command, in processes of its own, one for each day as cron starts them.
"""

from __future__ import annotations

import pytest

from skim_core.model.events import DayFinished, Outcome

SESSION = ("--session", "2026-11-24")
STRATEGIES = ("orh_breakout", "gap_fade")
BOTH = tuple(word for name in STRATEGIES for word in ("--strategy", name))


def run_id(strategy, date="2026-11-24"):
    return f"{strategy}/XASX/{date}/paper"


def of(events, *kinds):
    return [event for event in events if event.kind in kinds]


def scanned(events):
    [found] = of(events, "candidates_scanned")
    return found.candidates


def led_by(events):
    """Return the day that ran the scan of this one; '' when it was this one."""
    [done] = [event for event in of(events, "phase_completed") if event.phase == "scan"]
    return done.shared_from or ""


def bought(events):
    return {event.fill.symbol for event in of(events, "order_filled") if event.fill.side == "buy"}


@pytest.fixture(scope="module")
def together(skim_in):
    """Run both in one process; give the events of each."""
    skim = skim_in()
    code, said = skim.run("start_trading_day", *BOTH, *SESSION)
    assert code == 0, said
    return {name: skim.events(run_id(name)) for name in STRATEGIES}


@pytest.fixture(scope="module")
def in_turn(skim_in):
    """Run orh_breakout, and when it is over gap_fade; give the events of each."""
    skim = skim_in()
    for name in STRATEGIES:
        code, said = skim.run("start_trading_day", "--strategy", name, *SESSION)
        assert code == 0, said
    return {name: skim.events(run_id(name)) for name in STRATEGIES}


@pytest.fixture(scope="module")
def alone(skim_in):
    """Run gap_fade by itself; give its events."""
    skim = skim_in()
    code, said = skim.run("start_trading_day", "--strategy", "gap_fade", *SESSION)
    assert code == 0, said
    return skim.events(run_id("gap_fade"))


def test_one_scan_serves_both(together):
    leaders = [led_by(together[name]) for name in STRATEGIES]
    assert sorted(leaders) == ["", run_id(STRATEGIES[leaders.index("")])]
    assert scanned(together["orh_breakout"]) == scanned(together["gap_fade"])


def test_each_takes_its_own_side(together):
    gaps = {found.symbol: found.gap_percent for found in scanned(together["gap_fade"])}
    assert min(gaps.values()) <= -3
    assert max(gaps.values()) >= 3
    assert {gaps[symbol] > 0 for symbol in bought(together["orh_breakout"])} == {True}
    assert {gaps[symbol] > 0 for symbol in bought(together["gap_fade"])} == {False}


def test_whoever_scans_finds_the_same(alone, in_turn, together):
    assert led_by(alone) == led_by(in_turn["orh_breakout"]) == ""
    assert scanned(alone) == scanned(in_turn["orh_breakout"]) == scanned(together["gap_fade"])
    assert bought(alone) == bought(together["gap_fade"])


def test_a_strategy_that_starts_later_takes_over_what_was_found(in_turn):
    assert led_by(in_turn["gap_fade"]) == run_id("orh_breakout")
    assert scanned(in_turn["gap_fade"]) == scanned(in_turn["orh_breakout"])


def test_with_settings_that_differ_each_scans_for_itself(skim_in):
    skim = skim_in()
    (skim.directory / "skim.toml").write_text("[strategy.gap_fade]\ngap_minimum = 6\n")
    code, said = skim.run("start_trading_day", *BOTH, *SESSION)
    assert code == 0, said
    rising, falling = (skim.events(run_id(name)) for name in STRATEGIES)
    assert led_by(rising) == led_by(falling) == ""
    assert min(abs(found.gap_percent) for found in scanned(rising)) < 6
    assert min(abs(found.gap_percent) for found in scanned(falling)) >= 6


@pytest.fixture(scope="module")
def christmas(skim_in):
    """Run overnight on Christmas Eve, a half day, and on the next session, which dies once.

    Give the events of both days.
    """
    skim = skim_in()
    dates = ("2026-12-24", "2026-12-29")
    evening, morning = (
        ("start_trading_day", "--strategy", "overnight", "--session", date) for date in dates
    )
    code, said = skim.run(*evening)
    assert code == 0, said
    skim.kill_after("position_carried", *morning)
    assert not of(skim.events(run_id("overnight", dates[1])), "day_finished")
    code, said = skim.run(*morning)
    assert code == 0, said
    return tuple(skim.events(run_id("overnight", date)) for date in dates)


def test_a_day_that_ends_with_positions_completes(christmas):
    before, _ = christmas
    ending = before[-1]
    assert isinstance(ending, DayFinished)
    assert ending.outcome is Outcome.COMPLETED
    assert (ending.at - before[0].session.close).total_seconds() == 15 * 60


def test_positions_and_stops_go_over_days_off_from_process_to_process(christmas):
    before, after = christmas
    carried = {event.symbol: event.quantity for event in of(after, "position_carried")}
    assert carried
    assert carried.keys() == bought(before)
    assert {event.state.order.symbol for event in of(after, "order_carried")} == carried.keys()
    assert not of(before + after, "protection_lapsed", "order_unknown", "order_rejected")


def test_what_was_carried_is_sold_once_though_the_process_died(christmas):
    _, after = christmas
    assert of(after, "day_resumed")
    carried = {event.symbol: event.quantity for event in of(after, "position_carried")}
    intended = [event.order for event in of(after, "order_intended")]
    sold = [order.symbol for order in intended if order.purpose == "exit"]
    assert len(sold) == len(set(sold))
    closed = {event.symbol: event.quantity for event in of(after, "position_closed")}
    assert closed.items() >= carried.items()
