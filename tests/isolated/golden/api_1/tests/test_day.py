"""Whole days, on tapes, with faults, in a row, and from the command line."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from skim_golden_1 import strategy
from skim_golden_1.config import ExtensionConfig
from skim_golden_1.extension import NotCheap, Widest

from skim_core import Joining
from skim_core.broker import BrokerNotice, BrokerSetup, Connection, load_exchange
from skim_core.errors import ConfigError
from skim_core.events import CandidatesAlerted, CandidatesJoined, DayFinished, Outcome
from skim_core.testing import (
    Faults,
    Share,
    StrategyConformance,
    Tape,
    Tapes,
    VirtualClock,
    assert_completed,
    assert_flat,
    assert_happened,
    assert_in_order,
    assert_never,
    assert_ordered_once,
    assert_protected,
    load_broker,
    load_strategy,
    session_of,
    simulate_day,
    validate_config,
)

BREAKING = Share("BREAK", previous_close=40).opens(5).breaks_out("10:30").moves("12:00", 4)
FALLING = Share("FALL", previous_close=40).opens(5).breaks_out("10:31").falls_through("11:00")
QUIET = Share("QUIET", previous_close=40).opens(5)
MARKET = Tape.of(BREAKING, FALLING, QUIET)
FILLS = [
    ("10:31:00", "buy", "BREAK", 100),
    ("10:32:00", "buy", "FALL", 100),
    ("11:00:30", "sell", "FALL", 100),
    ("15:50:00", "sell", "BREAK", 100),
]


class TestConformance(StrategyConformance):
    strategy = "golden_1"
    market = MARKET


def test_a_day_is_lived_as_it_was_when_this_was_written(skim_play) -> None:
    strategy.TOLD.clear()
    day = skim_play("golden_1", MARKET)
    assert_completed(day)
    assert_in_order(
        day,
        "candidates_purged",
        "candidates_scanned",
        "opening_ranges_tracked",
        "candidates_alerted",
        "order_filled",
        "stop_hit",
    )
    assert [(fill.at, fill.side, fill.symbol, fill.quantity) for fill in day.fills] == FILLS
    assert_ordered_once(day)
    assert_protected(day)
    assert_flat(day)
    (alerts,) = (event for event in day.events if isinstance(event, CandidatesAlerted))
    assert {alert.symbol for alert in alerts.alerts} == {"BREAK", "FALL", "QUIET"}
    finished = day.events[-1]
    assert isinstance(finished, DayFinished)
    assert finished.outcome is Outcome.COMPLETED
    assert strategy.TOLD[-1] == "2026-11-24 completed"


def test_a_stop_is_raised_when_nothing_is_to_be_lost(skim_play) -> None:
    day = skim_play("golden_1", MARKET)
    assert_happened(day, "order_modified", reason="nothing is to be lost")


def test_scanners_and_filters_have_their_say(skim_play) -> None:
    cheap = Share("CHEAP", previous_close=0.5).opens(20)
    day = skim_play(
        "golden_1",
        Tape.of(BREAKING, cheap),
        phases={"scan": {"scanners": ["golden_widest"], "filters": ["golden_not_cheap"]}},
        joining=Joining(
            {"golden_widest": Widest()},
            {"golden_not_cheap": NotCheap(ExtensionConfig(price_minimum=1).price_minimum)},
        ),
    )
    joined = [event for event in day.events if isinstance(event, CandidatesJoined)]
    assert joined
    assert list(day.book.ranges) == ["BREAK"]


@pytest.mark.parametrize(
    "faults",
    [
        Faults(rejects=("stop",)),
        Faults(rejects=("entry",)),
        Faults(lost_answers=(1,)),
        Faults(lost_requests=(1,)),
        Faults(line_down=(("10:50", "11:10"),)),
        Faults(tells_twice=True),
    ],
    ids=repr,
)
def test_a_broker_with_faults_leaves_no_position(skim_play, faults) -> None:
    day = skim_play("golden_1", MARKET, faults=faults)
    assert_ordered_once(day)
    assert_flat(day)


def test_days_in_a_row(skim_play_days) -> None:
    tapes = Tapes({"2026-11-24": {"AAA": {"10:00": 1.0}}, "2026-11-25": {"AAA": {"10:00": 1.0}}})
    days = skim_play_days("golden_1", tapes)
    assert [day.completed for day in days] == [True, True]


def test_nothing_is_bought_on_a_day_without_gaps(skim_half_day, tmp_path) -> None:
    flat = Tape.of(Share("FLAT", previous_close=40).opens(1))
    day = simulate_day("golden_1", skim_half_day, tmp_path / "day", feed=flat)
    assert_completed(day)
    assert_never(day, "order_intended")


def test_it_trades_on_another_exchange(tmp_path) -> None:
    session = session_of("XNYS", "2025-01-15", tmp_path / "calendars")
    day = simulate_day("golden_1", session, tmp_path / "day", broker={"symbols": 40})
    assert_completed(day)


def test_a_setting_that_is_unsound_is_named() -> None:
    with pytest.raises(ConfigError, match="places"):
        validate_config(load_strategy("golden_1"), {"places": 0})


def test_the_command_line_runs_a_day(skim_cli) -> None:
    (skim_cli.folder / "skim.toml").write_text(
        "[brokers.sim]\nsymbols = 30\nseed = 4\n\n"
        "[extension.golden_1]\nprice_minimum = 0.2\n\n"
        "[strategy.golden_1]\nplaces = 2\n\n"
        '[strategy.golden_1.phases.scan]\nscanners = ["golden_widest"]\n'
        'filters = ["golden_not_cheap"]\n'
    )
    day = ("--session", "2026-11-24")
    done = skim_cli("start_trading_day", "--strategy", "golden_1", *day, "--pace", "fast")
    assert done.code == 0, done.out + done.err
    (told,) = skim_cli("status", *day, "--json").json["days"]
    assert told["state"] == "completed"
    (written,) = skim_cli.folder.rglob("events.jsonl")
    assert "day_finished" in written.read_text().splitlines()[-1]


def test_its_broker_is_made_and_asked(skim_full_day, tmp_path) -> None:
    clock = VirtualClock(skim_full_day.open - timedelta(minutes=5))
    exchange = load_exchange("XASX")
    setup = BrokerSetup("paper", clock, exchange, (skim_full_day,), tmp_path, {"symbols": 5})
    broker = load_broker("golden_1").make(setup)
    told: list[BrokerNotice] = []

    async def asked() -> None:
        broker.subscribe(told.append)
        await broker.connect()
        await clock.sleep_until(skim_full_day.open + timedelta(minutes=30))
        symbols = await broker.symbols()
        account = await broker.account()
        quotes = await broker.quotes(symbols)
        assert len(symbols) == 5
        assert account.currency == "AUD"
        assert set(quotes) <= set(symbols)
        assert list(await broker.orders()) == list(await broker.positions()) == []
        await broker.close()

    asyncio.run(asked())
    assert [notice.up for notice in told if isinstance(notice, Connection)] == [True]


def test_its_command_is_there(skim_cli) -> None:
    told = skim_cli("golden_1", "--json")
    assert told.code == 0, told.err
    assert told.json["exchange"] == "XASX"
