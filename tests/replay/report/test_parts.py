"""The pure parts of a report: ticks, curves, candles, scales, markup."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.model.session import Session
from skim_core.ports.bars import MINUTE, Bars
from skim_core.replay.summary import drawdown
from skim_core.replay.trades import Trade
from skim_core.report.curves import distribution, equity, exposure, thinned
from skim_core.report.lanes import tick_runs
from skim_core.report.model import OpenPosition, Range, TradeAccount
from skim_core.report.page.markup import element
from skim_core.report.page.scale import digits_of, round_steps
from skim_core.report.pictures import candles, chosen, spanned

OPEN = datetime(2025, 1, 6, 23, 0, tzinfo=UTC)
SESSION = Session(
    exchange="XASX",
    date=date(2025, 1, 7),
    open=OPEN,
    close=OPEN + timedelta(hours=6),
    timezone="Australia/Sydney",
)
money = st.decimals(-1000, 1000, places=2)


def trade(profit=0, *, entered=30, left=60, symbol="BHP", quantity=100, price=10):
    return Trade(
        strategy="orb",
        session=SESSION.date,
        symbol=symbol,
        side="buy",
        quantity=quantity,
        entered_at=OPEN + entered * MINUTE,
        entry_price=Decimal(price),
        exited_at=OPEN + left * MINUTE,
        exit_price=Decimal(price),
        profit=Decimal(profit),
        commission=Decimal(12),
        stop=None,
        r_multiple=None,
        exit_reason="exit",
        held_overnight=False,
    )


def account(number=1, opening_range=None, **values):
    return TradeAccount(
        number=number,
        trade=trade(**values),
        entry_reason="",
        exit_detail="",
        slippage=None,
        executions=(),
        stops=(),
        opening_range=opening_range,
    )


@given(st.lists(st.integers(1, 5), max_size=40))
def test_every_tick_is_in_exactly_one_run(steps):
    starts = [OPEN + sum(steps[:index]) * MINUTE for index in range(len(steps))]
    runs = tick_runs(starts)
    told = [run.first + index * run.every for run in runs for index in range(run.count)]
    assert told == starts
    assert [run.last for run in runs] == [run.first + (run.count - 1) * run.every for run in runs]


def test_ticks_on_time_are_one_run_and_a_late_one_begins_another():
    on_time = [OPEN + index * MINUTE for index in range(300)]
    assert len(tick_runs(on_time)) == 1
    assert len(tick_runs([*on_time, on_time[-1] + 5 * MINUTE])) == 2


@given(st.lists(money))
def test_the_curve_ends_at_the_profit_and_falls_as_deep_as_the_summary_says(profits):
    points = equity([trade(profit) for profit in profits])
    assert [point.profit for point in points[-1:]] == [sum(profits)] * bool(profits)
    assert max((point.drawdown for point in points), default=0) == drawdown(profits)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60))))
def test_exposure_counts_each_position_from_its_entry_to_its_exit(spans):
    trades = [trade(entered=start, left=start + length) for start, length in spans]
    points = exposure(trades, [])
    for point in points:
        held = [each for each in trades if each.entered_at <= point.at < each.exited_at]
        assert (point.positions, point.value) == (len(held), 1000 * len(held))
    assert not points or points[-1].positions == 0


def test_what_is_still_held_stays_in_the_exposure():
    held = OpenPosition(
        strategy="orb", symbol="CSL", quantity=-5, average_price=Decimal(200), opened_at=OPEN
    )
    assert [(point.positions, point.value) for point in exposure([], [held])] == [(1, 1000)]


@given(st.lists(st.decimals(-30, 30, places=3), min_size=1))
def test_each_multiple_is_counted_in_one_bin(multiples):
    bins = distribution(multiples)
    assert sum(each.trades for each in bins) == len(multiples)
    assert [after.start for after in bins[1:]] == [before.end for before in bins[:-1]]
    inner = [each for each in bins if each.start > -6 and each.end < 6]
    for each in inner:
        assert each.trades == sum(each.start <= multiple < each.end for multiple in multiples)


@given(st.lists(st.floats(-1e6, 1e6), max_size=300), st.integers(4, 50))
def test_a_thinned_curve_keeps_its_ends_and_its_peaks(values, most):
    kept = list(thinned(values, most))
    assert len(kept) <= most or len(values) <= most
    assert kept == sorted(set(kept))
    if values:
        assert {kept[0], kept[-1]} == {0, len(values) - 1}
        shown = [values[index] for index in kept]
        assert (min(shown), max(shown)) == (min(values), max(values))


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5), st.integers(2, 8))
def test_lines_are_round_evenly_apart_and_not_too_many(low, width, most):
    steps = round_steps(low, low + width, most)
    assert len(steps) <= most
    assert all(low - width * 1e-6 <= step <= low + width * (1 + 1e-6) for step in steps)
    gaps = np.diff(steps)
    assert np.allclose(gaps, gaps[:1])
    assert len({f"{step:.{digits_of(steps)}f}" for step in steps}) == len(steps)


class Parsed(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.values, self.data = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data):
        self.data += data


breaking = st.text("<>&\"'/= ab;#") | st.text()


@given(breaking, breaking)
def test_no_text_and_no_attribute_gets_out_of_its_element(text, value):
    parsed = Parsed(element("p", text, title=value))
    assert parsed.tags == ["p"]
    assert len(parsed.values) == 1
    if text.isprintable() and value.isprintable():
        assert (parsed.data, parsed.values) == (text, [value])


def test_all_trades_are_pictured_when_they_are_few_and_each_says_why_when_not():
    few = [account(number, profit=number) for number in range(1, 7)]
    assert chosen(few, 2) == dict.fromkeys(range(1, 7), ("all",))
    many = [account(number, profit=-number) for number in range(1, 8)]
    assert chosen(many, 2) == {
        1: ("best",),
        2: ("best",),
        6: ("worst", "latest"),
        7: ("worst", "latest"),
    }
    assert chosen(many, 0) == {}


def bars(close, volume, start=OPEN, symbol="BHP"):
    close = np.array([close], dtype=float)
    return Bars((symbol,), start, close - 0.5, close + 1, close - 1, close, np.array([volume]))


@pytest.fixture
def walk():
    """Bars of a whole session, every seventh minute without a trade."""
    close = np.linspace(10, 20, SESSION.minutes)
    close[::7] = np.nan
    return bars(close, np.where(np.isnan(close), 0.0, 100.0))


def test_candles_tell_open_high_low_close_and_volume_of_their_minutes(walk):
    shown = candles(account(entered=41, left=300), [(SESSION, walk)])
    assert shown.minutes == 5
    for index, start in enumerate(shown.starts):
        assert (start - OPEN) % (shown.minutes * MINUTE) == timedelta(0)
        part = walk.between(start, start + shown.minutes * MINUTE)
        traded = ~np.isnan(part.close[0])
        assert shown.volume[index] == part.volume.sum()
        assert shown.high[index] == part.high[0][traded].max()
        assert shown.low[index] == part.low[0][traded].min()
        assert shown.open[index] == part.open[0][traded][0]
        assert shown.close[index] == part.close[0][traded][-1]


@given(st.integers(0, 350), st.integers(1, 60))
def test_candles_hold_the_whole_trade_and_are_never_too_many(entered, length):
    flat = bars([10.0] * SESSION.minutes, [1.0] * SESSION.minutes)
    left = min(entered + length, SESSION.minutes - 1)
    shown = candles(account(entered=entered, left=left), [(SESSION, flat)])
    assert len(shown.starts) <= 84
    assert shown.starts[0] <= OPEN + entered * MINUTE
    assert shown.starts[-1] + shown.minutes * MINUTE > OPEN + left * MINUTE


def test_the_picture_begins_with_the_opening_range(walk):
    found = Range(high=Decimal(11), low=Decimal(10), start=OPEN, end=OPEN + 5 * MINUTE)
    late = {"entered": 200, "left": 220}
    assert candles(account(**late), [(SESSION, walk)]).starts[0] > OPEN
    assert candles(account(opening_range=found, **late), [(SESSION, walk)]).starts[0] == OPEN


def test_a_trade_overnight_is_pictured_over_its_sessions(walk):
    day = timedelta(days=1)
    later = SESSION.model_copy(
        update={"date": SESSION.date + day, "open": OPEN + day, "close": SESSION.close + day}
    )
    shown = account(entered=350, left=24 * 60 + 10)
    sessions = spanned(shown, [SESSION, later])
    assert sessions == [SESSION]  # it was closed, so it says, in the first
    held = TradeAccount(
        **{
            **{name: getattr(shown, name) for name in shown.__slots__},
            "trade": Trade(**{**shown.trade.row(), "session": later.date}),
        }
    )
    sessions = spanned(held, [SESSION, later])
    assert sessions == [SESSION, later]
    second = bars([10.0] * 360, [1.0] * 360, start=later.open)
    drawn = candles(held, [(SESSION, walk), (later, second)])
    assert [drawn.starts[index] >= later.open for index in drawn.sessions] == [False, True]


def test_a_session_without_the_symbol_has_no_candles(walk):
    assert candles(account(symbol="CSL"), [(SESSION, walk)]) is None
