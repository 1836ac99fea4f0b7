"""The trades that stand for a minute add up to it; bars of any size add up to the session."""

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from gateway_world import ASX, TODAY, minute
from hypothesis import given, settings
from hypothesis import strategies as st
from skim_gateway.market.bars import bars
from skim_gateway.market.catalogue import con_id
from skim_gateway.market.prints import SessionTape
from skim_gateway.market.spans import BAR_SIZES, SpanError, bar_seconds, end_time, span

from skim_core import Bars
from skim_core.sim import SessionData

MINUTE = dt.timedelta(minutes=1)


@st.composite
def tapes(draw):
    """Draw a tape of a few minutes, some of them without a trade."""
    minutes = draw(
        st.lists(
            st.none()
            | st.tuples(
                *[st.integers(200, 400)] * 4,
                st.integers(1, 10_000),
            ),
            min_size=1,
            max_size=12,
        )
    )
    columns = np.full((5, 1, TODAY.minutes), np.nan)
    columns[4] = 0
    for number, found in enumerate(minutes):
        if found is not None:
            one, two, three, four, volume = found
            low, *_, high = sorted((one, two, three, four))
            columns[:, 0, number] = (one / 100, high / 100, low / 100, four / 100, volume)
    data = SessionData(TODAY, Bars(("ANZ",), TODAY.open, *columns), np.array([3.0]))
    return SessionTape(data, ASX), minutes


@given(tapes())
def test_the_trades_of_a_minute_add_up_to_its_bar(made):
    tape, minutes = made
    for number, found in enumerate(minutes):
        trades = list(tape.prints("ANZ", minute(number), minute(number + 1)))
        if found is None:
            assert not trades
            continue
        row = tape.data.bars
        assert float(trades[0].price) == row.open[0, number]
        assert float(trades[-1].price) == row.close[0, number]
        assert float(max(trade.price for trade in trades)) == row.high[0, number]
        assert float(min(trade.price for trade in trades)) == row.low[0, number]
        assert sum(trade.size for trade in trades) == row.volume[0, number]
        assert [trade.at for trade in trades] == sorted(trade.at for trade in trades)


@given(tapes(), st.integers(0, 15 * 60))
def test_nothing_is_seen_before_its_time(made, seconds):
    tape, _ = made
    now = TODAY.open + dt.timedelta(seconds=seconds)
    trades = list(tape.prints("ANZ", TODAY.open, now + dt.timedelta(microseconds=1)))
    seen = tape.summary("ANZ", now)
    assert seen.volume == sum(trade.size for trade in trades)
    if not trades:
        assert (seen.last, seen.open, seen.high) == (None, None, None)
        return
    assert seen.last == tape.last("ANZ", now) == trades[-1]
    assert seen.open == trades[0].price
    assert seen.high == max(trade.price for trade in trades)
    assert seen.low == min(trade.price for trade in trades)


@settings(max_examples=60)
@given(tapes(), st.sampled_from(sorted(set(BAR_SIZES.values()))), st.integers(1, 15 * 60))
def test_bars_of_any_size_add_up_to_what_was_seen(made, seconds, after):
    tape, _ = made
    until = TODAY.open + dt.timedelta(seconds=after)
    found = bars(tape, "ANZ", TODAY.open, until, seconds)
    trades = list(tape.prints("ANZ", TODAY.open, until))
    assert sum(bar.volume for bar in found) == sum(trade.size for trade in trades)
    assert [bar.start for bar in found] == sorted({bar.start for bar in found})
    if trades:
        assert found[0].open == trades[0].price
        assert found[-1].close == trades[-1].price
        assert max(bar.high for bar in found) == max(trade.price for trade in trades)
    for bar in found:
        local = bar.start.astimezone(dt.timezone(dt.timedelta(hours=10)))
        into_day = local.hour * 3600 + local.minute * 60 + local.second
        assert bar.start == TODAY.open or into_day % seconds == 0


def test_a_symbol_that_opens_late_trades_from_its_own_opening_on():
    """SHARES of the ASX open in groups, alphabetically: S to Z nine minutes after the first."""
    columns = np.full((5, 1, TODAY.minutes), np.nan)
    columns[:, 0, 9] = (1.0, 1.0, 1.0, 1.0, 400)
    data = SessionData(TODAY, Bars(("ZIP",), TODAY.open, *columns), np.array([1.0]))
    opening = ASX.opening("ZIP", TODAY)
    first = next(SessionTape(data, ASX).prints("ZIP", TODAY.open, TODAY.close))
    assert first.at == max(minute(9), opening)


def test_contract_ids_are_the_same_for_ever_and_no_two_alike():
    assert con_id("BHP") == 17120
    names = [f"{a}{b}{c}" for a in "ABCZ0" for b in "ABCZ9" for c in "AZ1"]
    assert len({con_id(name) for name in names}) == len(names)
    assert con_id("BRK.B") < 2**31
    assert con_id("LONGNAME") < 2**31


# What questions about the past mean

NOW = minute(90)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", NOW),
        ("20250618 11:00:00", minute(60)),
        ("20250618 11:00:00 Australia/Sydney", minute(60)),
        ("20250618 01:00:00 UTC", minute(60)),
        ("20250618-01:00:00", minute(60)),
        ("20250617 21:00:00 US/Eastern", minute(60)),
    ],
)
def test_an_end_is_understood_as_ib_has_it(text, moment):
    assert end_time(text, "Australia/Sydney", NOW) == moment


@pytest.mark.parametrize("text", ["yesterday", "20251318", "20250618 25:00:00", "20250618 1:0 x/y"])
def test_an_end_that_is_none_is_refused(text):
    with pytest.raises(SpanError, match="end date/time string"):
        end_time(text, "Australia/Sydney", NOW)


@given(st.text(max_size=30))
def test_any_text_is_an_end_or_refused(text):
    with contextlib.suppress(SpanError):
        end_time(text, "Australia/Sydney", NOW)
    with contextlib.suppress(SpanError):
        bar_seconds(text)


def test_durations_are_counted_in_sessions_and_seconds_in_trading_time():
    from gateway_world import DAYS

    def found(duration, end=NOW):
        return [
            (session.date.day, (until - start) // MINUTE)
            for session, start, until in span(duration, end, DAYS)
        ]

    assert found("1 D") == [(18, 90)]
    assert found("2 D") == [(17, 360), (18, 90)]
    assert found("1 W") == [(16, 360), (17, 360), (18, 90)]
    assert found("3600 S") == [(18, 60)]
    assert found("7200 S") == [(17, 30), (18, 90)]
    assert found("1 D", minute(-60)) == [(17, 360)]
    with pytest.raises(SpanError, match="duration"):
        found("a while")


def test_prices_are_exact():
    columns = np.full((5, 1, TODAY.minutes), np.nan)
    columns[:, 0, 0] = (0.105, 0.105, 0.1, 0.1, 7)
    data = SessionData(TODAY, Bars(("ANZ",), TODAY.open, *columns), np.array([0.1]))
    tape = SessionTape(data, ASX)
    assert tape.last("ANZ", minute(1)).price == Decimal("0.1")
    quote = tape.quote("ANZ", minute(1))
    assert (quote.bid, quote.ask) == (Decimal("0.095"), Decimal("0.105"))
