from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.errors import ConfigError
from skim_core.model.exchange import CommissionSchedule, Exchange, OpeningGroup, TickBand
from skim_core.model.session import Session
from skim_core.sim.generated import GeneratedFeed

COMMISSION = CommissionSchedule(name="none", source="the test")
GROUPS = {"0123456789AB": 0, "CDEF": 135, "GHIJKLM": 270, "NOPQR": 405, "STUVWXYZ": 540}
ASX = Exchange(
    mic="XASX",
    name="an exchange that opens in groups",
    timezone="Australia/Sydney",
    currency="AUD",
    sources=("the test",),
    ticks=(
        TickBand(from_price=Decimal(0), tick=Decimal("0.001")),
        TickBand(from_price=Decimal("0.1"), tick=Decimal("0.005")),
        TickBand(from_price=Decimal(2), tick=Decimal("0.01")),
    ),
    opening_groups=tuple(
        OpeningGroup(first_characters=characters, delay=dt.timedelta(seconds=delay))
        for characters, delay in GROUPS.items()
    ),
    commission=COMMISSION,
)
NYSE = Exchange(
    mic="XNYS",
    name="an exchange that opens at once",
    timezone="America/New_York",
    currency="USD",
    sources=("the test",),
    ticks=(
        TickBand(from_price=Decimal(0), tick=Decimal("0.0001")),
        TickBand(from_price=Decimal(1), tick=Decimal("0.01")),
    ),
    commission=COMMISSION,
)
MONDAY = dt.date(2026, 2, 2)
WEEKDAYS = [MONDAY + dt.timedelta(days=day) for day in range(42) if day % 7 < 5]


def session(date=MONDAY, exchange=ASX, minutes=360):
    opening = dt.datetime.combine(date, dt.time(1), dt.UTC)
    return Session(
        exchange=exchange.mic,
        date=date,
        open=opening,
        close=opening + dt.timedelta(minutes=minutes),
        timezone=exchange.timezone,
    )


def load(date=MONDAY, exchange=ASX, minutes=360, seed=1, symbols=200):
    return GeneratedFeed(seed, symbols).load(session(date, exchange, minutes), exchange)


def arrays(data):
    bars = data.bars
    return (bars.open, bars.high, bars.low, bars.close, bars.volume, data.previous_close)


def same(left, right):
    return left.bars.symbols == right.bars.symbols and all(
        np.array_equal(a, b, equal_nan=True)
        for a, b in zip(arrays(left), arrays(right), strict=True)
    )


def first_prices(bars):
    first = np.argmax(~np.isnan(bars.open), axis=1)
    return bars.open[np.arange(len(bars.symbols)), first]


def gaps(data):
    return first_prices(data.bars) / data.previous_close - 1


@pytest.fixture(scope="module")
def weeks():
    return [load(date) for date in WEEKDAYS]


def test_the_same_seed_makes_the_same_session_in_any_order():
    once = load()
    feed = GeneratedFeed(seed=1)
    feed.load(session(dt.date(2026, 6, 1)), ASX)
    assert same(feed.load(session(), ASX), once)


def test_another_seed_makes_another_market():
    assert load(seed=2).bars.symbols != load(seed=1).bars.symbols


def test_another_exchange_makes_another_market():
    nasdaq = NYSE.model_copy(update={"mic": "XNAS"})
    markets = {load(exchange=exchange).bars.symbols for exchange in (ASX, NYSE, nasdaq)}
    assert len(markets) == 3


def test_another_date_has_the_same_symbols_and_other_prices():
    monday, tuesday = load(MONDAY), load(MONDAY + dt.timedelta(days=1))
    assert monday.bars.symbols == tuesday.bars.symbols
    assert not np.array_equal(monday.bars.close[:, -1], tuesday.bars.close[:, -1])


def test_bars_cover_the_session_from_its_open(weeks):
    bars = weeks[0].bars
    assert (bars.start, bars.end) == (weeks[0].session.open, weeks[0].session.close)
    assert all(column.shape == (200, 360) for column in arrays(weeks[0])[:5])


def test_a_half_day_is_shorter_and_ends_where_the_next_day_goes_on():
    half = load(minutes=250)
    assert half.bars.minutes == 250
    following = load(MONDAY + dt.timedelta(days=1))
    assert np.array_equal(half.bars.close[:, -1], following.previous_close)


@given(
    seed=st.integers(0, 2**63),
    date=st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)),
    exchange=st.sampled_from([ASX, NYSE]),
)
@settings(max_examples=40, deadline=None)
def test_a_weekdays_last_close_is_the_next_ones_previous_close(seed, date, exchange):
    weekday = date - dt.timedelta(days=max(0, date.weekday() - 4))
    following = weekday + dt.timedelta(days=3 if weekday.weekday() == 4 else 1)
    before = load(weekday, exchange, 60, seed, 30)
    after = load(following, exchange, 60, seed, 30)
    assert np.array_equal(before.bars.close[:, -1], after.previous_close)


def test_a_market_that_trades_on_sundays_instead_of_fridays_is_continuous():
    thursday, sunday, monday = (load(MONDAY + dt.timedelta(days=day)) for day in (3, 6, 7))
    assert np.array_equal(thursday.bars.close[:, -1], sunday.previous_close)
    assert np.array_equal(sunday.bars.close[:, -1], monday.previous_close)


@given(
    seed=st.integers(0, 2**32),
    date=st.dates(dt.date(2000, 1, 1), dt.date(2050, 1, 1)),
    exchange=st.sampled_from([ASX, NYSE]),
    minutes=st.integers(1, 400),
)
@settings(max_examples=40, deadline=None)
def test_every_bar_is_possible(seed, date, exchange, minutes):
    bars = load(date, exchange, minutes, seed, 60).bars
    traded = ~np.isnan(bars.close)
    for column in (bars.open, bars.high, bars.low):
        assert np.array_equal(~np.isnan(column), traded)
    assert (bars.high >= np.maximum(bars.open, bars.close))[traded].all()
    assert (bars.low <= np.minimum(bars.open, bars.close))[traded].all()
    assert (bars.low[traded] > 0).all()
    assert (bars.volume[traded] >= 1).all()
    assert (bars.volume[~traded] == 0).all()
    assert np.array_equal(bars.volume, np.rint(bars.volume))


@pytest.mark.parametrize("exchange", [ASX, NYSE], ids=lambda exchange: exchange.mic)
def test_every_price_is_the_float_of_a_price_on_the_tick(exchange):
    data = load(exchange=exchange)
    columns = [column[~np.isnan(column)] for column in arrays(data)[:4]]
    prices = np.unique(np.concatenate([*columns, data.previous_close]))
    assert [price for price in prices if not exchange.on_tick(Decimal(repr(float(price))))] == []


def test_no_symbol_trades_before_the_minute_of_its_opening(weeks):
    for data in weeks[:5]:
        bars = data.bars
        for row, symbol in enumerate(bars.symbols):
            opening = bars.column(ASX.opening(symbol, data.session))
            assert np.isnan(bars.close[row, :opening]).all(), symbol


def test_liquid_symbols_trade_in_the_very_minute_of_their_opening(weeks):
    bars = weeks[0].bars
    first = np.argmax(~np.isnan(bars.close), axis=1)
    opening = [bars.column(ASX.opening(symbol, weeks[0].session)) for symbol in bars.symbols]
    assert np.mean(first == np.array(opening)) > 0.5


def test_asx_tickers_are_unique_and_found_in_every_opening_group():
    symbols = load().bars.symbols
    assert len(set(symbols)) == 200
    assert all(len(symbol) == 3 and symbol.isalpha() and symbol.isupper() for symbol in symbols)
    for characters in GROUPS:
        assert sum(symbol[0] in characters for symbol in symbols) >= 10


@pytest.mark.parametrize("count", [1, 2, 7, 200, 10_000])
def test_tickers_elsewhere_are_unique_with_one_to_five_letters(count):
    symbols = GeneratedFeed(1, count).load(session(exchange=NYSE, minutes=1), NYSE).bars.symbols
    assert len(set(symbols)) == len(symbols) == count
    assert list(symbols) == sorted(symbols)
    assert all(1 <= len(symbol) <= 5 and symbol.isalpha() for symbol in symbols)


def test_asx_levels_spread_from_cents_to_tens_of_dollars(weeks):
    levels = np.median([data.previous_close for data in weeks], axis=0)
    assert 0.02 < levels.min() < 0.25
    assert 0.8 < np.median(levels) < 4
    assert 15 < levels.max() < 120


def test_levels_elsewhere_are_dearer():
    levels = load(exchange=NYSE).previous_close
    assert 2 < levels.min() < 20
    assert 20 < np.median(levels) < 100
    assert 150 < levels.max() < 1000


@pytest.mark.parametrize("exchange", [ASX, NYSE], ids=lambda exchange: exchange.mic)
def test_a_scan_for_gaps_of_three_per_cent_finds_a_handful_every_day(exchange):
    found = [int((gaps(load(date, exchange)) >= 0.03).sum()) for date in WEEKDAYS]
    assert 3 <= np.median(found) <= 10
    assert min(found) >= 1
    assert max(found) <= 20


def test_most_gaps_are_small_and_few_are_news(weeks):
    every = np.concatenate([gaps(data) for data in weeks])
    middle = every[np.abs(every) < 0.04]
    assert 0.008 < middle.std() < 0.016
    assert 0.015 < np.mean(np.abs(every) > 0.045) < 0.06
    assert (every < -0.045).any()
    assert every.max() < 0.4


def test_shares_that_gapped_up_break_out_often_and_some_of_them_fall_back(weeks):
    ran, fell = 0, 0
    for data in weeks:
        bars = data.bars
        turnover = np.nansum(bars.close * bars.volume, axis=1)
        for row in np.flatnonzero((gaps(data) >= 0.05) & (turnover > 500_000)):
            traded = bars.high[row][~np.isnan(bars.high[row])]
            range_high = traded[:5].max()
            if traded[5:].max() > range_high:
                kept = bars.close[row, -1] > range_high
                ran += kept
                fell += not kept
    assert ran > 10
    assert fell > 10


def test_volume_is_u_shaped(weeks):
    volume = sum(data.bars.volume.sum(axis=0) for data in weeks)
    opening, middle, closing = volume[10:40].sum(), volume[165:195].sum(), volume[-30:].sum()
    assert opening > 1.5 * middle
    assert closing > 1.3 * middle


def test_volatility_is_u_shaped():
    bars = load(exchange=NYSE).bars
    move = np.abs(np.log(bars.close / bars.open))
    opening, middle, closing = (
        np.nanmean(part) for part in (move[:, :20], move[:, 170:190], move[:, -20:])
    )
    assert opening > 1.5 * middle
    assert closing > 1.1 * middle


def test_thin_shares_miss_minutes_and_liquid_ones_do_not(weeks):
    traded = np.mean(~np.isnan(weeks[0].bars.close[:, 10:]), axis=1)
    assert (traded < 0.3).sum() >= 10
    assert (traded > 0.95).sum() >= 20


def test_all_symbols_trade_in_the_last_minute(weeks):
    assert not np.isnan(weeks[0].bars.close[:, -1]).any()


def test_a_large_market_loads():
    data = load(symbols=2000)
    assert data.bars.close.shape == (2000, 360)
    assert not np.isnan(data.previous_close).any()


@pytest.mark.parametrize(("seed", "symbols"), [(-1, 200), (1, 0), (1, 10_001)])
def test_an_impossible_market_is_refused_with_the_mend(seed, symbols):
    with pytest.raises(ConfigError, match="give a"):
        GeneratedFeed(seed, symbols)
