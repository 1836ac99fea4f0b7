"""Days that a test writes by hand, played with the fixtures of the kit."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from skim_core.calendar.exchanges import load_exchange
from skim_core.errors import DataError
from skim_core.model.orders import OrderStage
from skim_core.ports.broker import Connection
from skim_core.testing import (
    Faults,
    Share,
    Tape,
    assert_completed,
    assert_flat,
    assert_happened,
    assert_in_order,
    assert_never,
    assert_ordered_once,
    assert_protected,
)
from skim_core.testing.faults import FaultyBroker
from skim_core.testing.scripted import QuietBroker

BHP = Share("BHP", previous_close=40).opens(5).breaks_out("10:17").falls_through("11:00")


@pytest.fixture(scope="module")
def told(skim_play, breaks):
    """BHP opens 5 % up, breaks its range at 10:17, falls through the stop."""
    return skim_play(breaks, Tape.of(BHP))


def test_the_story_of_a_share_is_traded_as_it_was_told(told):
    assert [fill[:4] for fill in told.fills] == [
        ("10:18:00", "buy", "BHP", 100),
        ("11:00:30", "sell", "BHP", 100),
    ]
    assert told.entries == [("BHP", "10:18:00")]
    [hit] = told.of("stop_hit")
    assert float(hit.stop_price) == 41.16  # two per cent below 42, five above 40


def test_what_is_asserted_of_it_holds(told):
    assert_completed(told)
    assert_flat(told)
    assert_protected(told)
    assert_ordered_once(told)
    assert_in_order(
        told, "candidates_scanned", "opening_ranges_tracked", "order_filled", "stop_hit"
    )
    assert_happened(told, "order_intended", symbol="BHP", purpose="entry")
    assert_happened(told, "phase_completed", phase="scan")
    assert_never(told, "phase_failed")


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (
            lambda day: assert_happened(day, "order_filled", symbol="CSL"),
            "there is 10:18:00 .* more",
        ),
        (lambda day: assert_happened(day, "order_rejected"), r"there are .*order_filled \(2\)"),
        (lambda day: assert_happened(day, "order_filed"), "did you mean 'order_filled'"),
        (lambda day: assert_never(day, "stop_hit"), "happened 1 times, first: 11:00:30"),
        (lambda day: assert_in_order(day, "stop_hit", "position_opened"), "after stop_hit"),
    ],
)
def test_what_does_not_hold_says_what_there_was(told, claim, words):
    with pytest.raises(AssertionError, match=words):
        claim(told)


def test_a_day_that_ends_with_a_position_or_an_order_is_not_flat(skim_play, put, source):
    keeps = put("keeps", source.replace("minutes=10", "minutes=-10"))
    day = skim_play(keeps, Tape.of(Share("BHP", 40).opens(5).breaks_out("10:17")))
    with pytest.raises(AssertionError, match="ended with 100 BHP"):
        assert_flat(day)


def test_a_phase_that_fails_is_named(skim_play, put, source):
    fails = put(
        "fails", source.replace("rows = await", "raise ValueError('no rows')\n        rows = await")
    )
    with pytest.raises(AssertionError, match=r"the day is failed.*ValueError: no rows"):
        assert_completed(skim_play(fails))


@pytest.mark.parametrize("kind", ["full", "half", "dst"])
def test_every_kind_of_session_is_played(request, skim_play, breaks, kind):
    session = request.getfixturevalue(f"skim_{kind}_day")
    day = skim_play(breaks, session=session)
    assert_completed(day)
    assert day.session == session


def test_the_sessions_are_what_they_are_called(
    skim_full_day, skim_half_day, skim_dst_day, skim_day_off, skim_session
):
    assert (skim_full_day.half_day, skim_half_day.half_day) == (False, True)
    before = skim_session("2026-10-02")
    assert skim_dst_day.local(skim_dst_day.open).hour == before.local(before.open).hour == 10
    assert (before.open.hour, skim_dst_day.open.hour) == (0, 23)
    assert skim_day_off.weekday() < 5
    with pytest.raises(DataError, match="a day off"):
        skim_session(str(skim_day_off))


def test_days_in_a_row_go_on_with_what_was_left(skim_play_days, put, source):
    keeps = put("keeps_on", source.replace("minutes=10", "minutes=-10"))
    market = {
        "2026-11-24": {"BHP": {"10:09": 1.05, "10:30": 1.10}},
        "2026-11-25": {"BHP": {"10:09": 1.10}},
    }
    first, second = skim_play_days(keeps, market)
    assert first.book.positions
    assert_happened(second, "position_carried", symbol="BHP")


def test_steps_are_told_in_prices_of_the_exchange(skim_full_day, skim_play, breaks):
    tape = {
        "UP": Share("UP", 10)
        .opens(0, swing=1)
        .moves("11:00", 10)
        .falls_silent("12:00")
        .moves("13:00", -50),
        "GAP": Share("GAP", 10).opens(0, swing=1).gaps_through("11:00", 5),
    }
    data = Tape(tape).load(skim_full_day, load_exchange("XASX", on=skim_full_day.date))
    up, gap = data.bars.close
    at = {
        f"{skim_full_day.local(skim_full_day.open + timedelta(minutes=n)):%H:%M}": n
        for n in range(360)
    }
    assert (up[at["10:30"]], up[at["11:30"]], up[at["13:00"]]) == (10, 11, 5.5)
    assert not up[at["12:30"]] > 0
    assert gap[at["11:00"]] == 9.4  # 9.405 on the cent
    assert data.previous_close.tolist() == [10, 10]


@pytest.mark.parametrize(
    ("tape", "words"),
    [
        ({"A": {"9:59": 1}}, "no minute of 2026-11-24: write a local time from 10:00 to 15:59"),
        ({"A": Share("A").moves("11:00", 1)}, r"does not open: begin with Share\('A'\)\.opens"),
    ],
)
def test_a_tape_that_can_not_be_is_refused(skim_full_day, tape, words):
    exchange = load_exchange("XASX", on=skim_full_day.date)
    with pytest.raises(DataError, match=words):
        Tape(tape).load(skim_full_day, exchange)


class TestFaults:
    """A broker that has faults: the desk deals with them, and the test sees how."""

    @staticmethod
    def played(skim_play, breaks, **faults):
        return skim_play(breaks, Tape.of(BHP), faults=Faults(**faults))

    def test_without_any_the_day_is_as_ever(self, skim_play, breaks, told):
        assert self.played(skim_play, breaks).events == told.events

    def test_a_refused_entry_leaves_nothing(self, skim_play, breaks):
        day = self.played(skim_play, breaks, rejects=("entry",))
        assert_happened(day, "order_rejected")
        assert_never(day, "order_filled")
        assert_flat(day)

    def test_a_refused_stop_is_dealt_with(self, skim_play, breaks):
        day = self.played(skim_play, breaks, rejects=("stop",))
        assert_happened(day, "order_rejected")
        assert_happened(day, "order_filled", side="buy")
        assert_flat(day)

    def test_an_answer_that_is_lost_makes_no_second_order(self, skim_play, breaks, told):
        day = self.played(skim_play, breaks, lost_answers=(1,))
        assert day.events != told.events
        assert_ordered_once(day)
        assert [fill.side for fill in day.fills] == ["buy", "sell"]

    def test_a_request_that_is_lost_never_arrives(self, skim_play, breaks):
        day = self.played(skim_play, breaks, lost_requests=(1,))
        stages = {state.order.purpose: state.stage for state in day.book.orders.values()}
        assert_happened(day, "order_absent")
        assert stages["entry"] is not OrderStage.UNKNOWN

    def test_what_trades_while_the_line_is_down_is_found_when_it_is_up(self, skim_play, breaks):
        day = self.played(skim_play, breaks, line_down=(("10:59", "11:05"),))
        assert_in_order(day, "connection_changed", "connection_changed", "stop_hit")
        assert_flat(day)

    def test_notices_that_come_late_change_no_trade(self, skim_play, breaks, told):
        day = self.played(skim_play, breaks, tells_late=timedelta(minutes=2))
        assert day.fills == told.fills
        assert day.events != told.events

    def test_notices_that_come_twice_change_no_trade(self, skim_play, breaks, told):
        assert self.played(skim_play, breaks, tells_twice=True).fills == told.fills

    def test_a_notice_comes_as_often_as_it_is_told(self, skim_clock, skim_full_day):
        quiet, heard = QuietBroker(), []
        broker = FaultyBroker(quiet, Faults(tells_twice=True), skim_clock, skim_full_day)
        broker.subscribe(heard.append)
        asyncio.run(broker.connect())
        notice = Connection(up=True, at=skim_clock.now())
        quiet.tell(notice)
        assert heard == [notice, notice]


def test_the_clock_is_a_quarter_of_an_hour_before_the_open(skim_clock, skim_full_day):
    assert skim_full_day.open - skim_clock.now() == timedelta(minutes=15)


def test_the_command_line_sees_what_the_test_can_import(skim_cli, breaks):
    (skim_cli.folder / "skim.toml").write_text('exchange = "XNYS"\n')
    run = skim_cli("start_trading_day", "-s", breaks, "--session", "2025-01-15", "--json")
    assert run.code == 0, run.err
    assert skim_cli("status", "--session", "2025-01-15").code == 0
    assert skim_cli("sessions", "--from", "2025-01-15", "--json").json["exchange"] == "XNYS"
