"""Trades and figures, from events that are written down."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.book import Book
from skim_core.model import events as ev
from skim_core.model.orders import Fill, Order, OrderType, Side
from skim_core.model.session import Session
from skim_core.replay.summary import drawdown, figures
from skim_core.replay.trades import Position, Trade, TradeFold

OPEN = datetime(2025, 1, 6, 23, 0, tzinfo=UTC)
SESSIONS = [
    Session(
        exchange="XASX",
        date=date(2025, 1, 7 + day),
        open=OPEN + timedelta(days=day),
        close=OPEN + timedelta(days=day, hours=6),
        timezone="Australia/Sydney",
    )
    for day in range(2)
]
KEY = "sk1-abcdefghijklmnop"


class Happening:
    """Writes down what happens to orders, the positions that follow included."""

    def __init__(self):
        self.book = Book()
        self.events = []
        self.fills = 0

    def add(self, *events):
        for event in events:
            self.book.apply(event)
            self.events.append(event)

    def send(self, leg, side, quantity, purpose="entry", stop=None, key=KEY, limit=None):
        kind = OrderType.STOP if stop else OrderType.LIMIT if limit else OrderType.MARKET
        order = Order(
            reference=f"{key}.{leg}",
            symbol="BHP",
            side=side,
            quantity=quantity,
            type=kind,
            stop_price=stop and Decimal(stop),
            limit_price=limit and Decimal(limit),
            purpose=purpose,
            parent=f"{key}.P" if leg in "ST" else None,
        )
        self.add(
            ev.OrderIntended(at=OPEN, order=order),
            ev.OrderSending(at=OPEN, reference=order.reference),
            ev.OrderAcknowledged(at=OPEN, reference=order.reference),
        )

    def fill(self, leg, side, quantity, price, minute, key=KEY):
        self.fills += 1
        fill = Fill(
            execution_id=str(self.fills),
            reference=f"{key}.{leg}",
            symbol="BHP",
            side=side,
            quantity=quantity,
            price=Decimal(price),
            commission=Decimal(6),
            at=OPEN + timedelta(minutes=minute),
        )
        self.add(*self.book.consequences(fill))

    def trades(self, positions=()):
        return list(TradeFold("orb", SESSIONS[0], dict(positions)).trades(self.events))


@pytest.fixture
def bought():
    """Buy 100 in two parts at 10 on average, with a stop at 9 and a target at 12."""
    happening = Happening()
    happening.send("P", Side.BUY, 100)
    happening.send("S", Side.SELL, 100, "stop", stop=9)
    happening.send("T", Side.SELL, 100, "target", limit=12)
    happening.fill("P", Side.BUY, 50, "10.50", 1)
    happening.fill("P", Side.BUY, 50, "9.50", 2)
    return happening


def test_a_stopped_trade_loses_about_once_its_risk(bought):
    bought.fill("S", Side.SELL, 100, "9", 30)
    [trade] = bought.trades()
    assert (trade.exit_reason, trade.side, trade.quantity) == ("stop", "buy", 100)
    assert (trade.entry_price, trade.exit_price, trade.stop) == (10, 9, 9)
    assert (trade.profit, trade.commission) == (Decimal(-118), Decimal(18))
    assert trade.r_multiple == Decimal("-1.1800")
    assert (trade.entered_at, trade.exited_at) == (
        OPEN + timedelta(minutes=1),
        OPEN + timedelta(minutes=30),
    )
    assert not trade.held_overnight


def test_a_trade_that_reached_its_target_says_so(bought):
    bought.fill("T", Side.SELL, 100, "12", 30)
    [trade] = bought.trades()
    assert (trade.exit_reason, trade.r_multiple) == ("target", Decimal("1.8200"))


def test_a_stop_that_was_moved_does_not_change_the_risk(bought):
    moved = ev.OrderModified(at=OPEN, reference=f"{KEY}.S", quantity=100, stop_price=Decimal("9.9"))
    bought.add(moved)
    bought.fill("S", Side.SELL, 100, "9.9", 30)
    [trade] = bought.trades()
    assert (trade.stop, trade.r_multiple) == (9, Decimal("-0.2800"))


def test_a_short_trade_gains_when_the_price_falls():
    happening = Happening()
    happening.send("P", Side.SELL, 100)
    happening.send("S", Side.BUY, 100, "stop", stop=11)
    happening.fill("P", Side.SELL, 100, "10", 1)
    happening.send("P", Side.BUY, 100, "leave", key="sk1-qrstuvwxyzabcdef")
    happening.fill("P", Side.BUY, 100, "8", 2, key="sk1-qrstuvwxyzabcdef")
    [trade] = happening.trades()
    assert (trade.side, trade.profit, trade.exit_reason) == ("sell", Decimal(188), "leave")


def test_a_fill_beyond_flat_costs_the_trade_that_it_closes(bought):
    other = "sk1-qrstuvwxyzabcdef"
    bought.send("P", Side.SELL, 150, "turn", key=other)
    bought.fill("P", Side.SELL, 150, "10", 5, key=other)
    bought.send("P", Side.BUY, 50, "back", key="sk1-ghijklmnopqrstuv")
    bought.fill("P", Side.BUY, 50, "10", 6, key="sk1-ghijklmnopqrstuv")
    first, second = bought.trades()
    assert (first.commission, second.commission) == (18, 6)
    assert (second.side, second.quantity) == ("sell", 50)


def test_a_trade_of_a_carried_position_keeps_its_beginning_and_its_stop():
    happening = Happening()
    before = OPEN - timedelta(hours=20)
    happening.add(
        ev.PositionCarried(
            at=OPEN,
            symbol="BHP",
            quantity=100,
            average_price=Decimal(10),
            commission=Decimal(6),
            opened_at=before,
        )
    )
    happening.send("P", Side.SELL, 100, "exit")
    happening.fill("P", Side.SELL, 100, "11", 1)
    known = Position(Side.BUY, before, stop=Decimal(8))
    [trade] = happening.trades({"BHP": known})
    assert (trade.entered_at, trade.held_overnight) == (before, True)
    assert (trade.stop, trade.commission, trade.profit) == (8, 12, 88)
    assert trade.r_multiple == Decimal("0.4400")


def trade(profit, minute=0, length=60, session=0, symbol="BHP"):
    start = SESSIONS[session].open + timedelta(minutes=minute)
    return Trade(
        strategy="orb",
        session=SESSIONS[session].date,
        symbol=symbol,
        side="buy",
        quantity=100,
        entered_at=start,
        entry_price=Decimal(10),
        exited_at=start + timedelta(minutes=length),
        exit_price=Decimal(11),
        profit=Decimal(profit),
        commission=Decimal(12),
        stop=Decimal(9),
        r_multiple=Decimal(profit) / 100,
        exit_reason="exit",
        held_overnight=False,
    )


def test_the_figures_of_some_trades():
    trades = [trade(100), trade(-50, 90), trade(-10, 200), trade(40, session=1)]
    found = figures(trades, SESSIONS)
    assert found["trades"] == 4
    assert found["win_rate"] == Decimal("0.5")
    assert found["profit"] == 80
    assert found["profit_factor"] == Decimal("2.3333")
    assert found["average_r"] == Decimal("0.2")
    assert found["drawdown"] == 60
    assert found["best_day"] == {"date": SESSIONS[0].date, "profit": 40}
    assert found["worst_day"] == {"date": SESSIONS[0].date, "profit": 40}
    assert found["commission"] == 48


def test_no_trades_have_no_ratios():
    found = figures([], SESSIONS)
    assert (found["win_rate"], found["profit_factor"], found["best_day"]) == (None, None, None)
    assert (found["profit"], found["exposure"]) == (0, 0)


def test_the_exposure_counts_time_in_the_market_once():
    overlapping = [trade(1, 0, 60), trade(1, 30, 60, symbol="CBA")]
    assert figures(overlapping, SESSIONS)["exposure"] == Decimal("0.125")


def test_the_exposure_leaves_the_night_out():
    over_night = [trade(1, minute=300, length=24 * 60)]
    assert figures(over_night, SESSIONS)["exposure"] == Decimal("0.5")


def test_the_exposure_counts_what_is_still_held():
    since = SESSIONS[1].close - timedelta(hours=3)
    assert figures([], SESSIONS, [since])["exposure"] == Decimal("0.25")


@given(st.lists(st.integers(-1000, 1000)))
def test_the_drawdown_is_the_largest_fall_between_any_two_moments(profits):
    equity = [sum(profits[:count]) for count in range(len(profits) + 1)]
    falls = [
        equity[peak] - equity[later]
        for peak in range(len(equity))
        for later in range(peak, len(equity))
    ]
    assert drawdown(map(Decimal, profits)) == max(falls)


def test_a_session_without_a_trade_counts_in_the_sharpe_ratio(bought):
    """118 lost and nothing: mean -59, deviation 83.4386 with n - 1, times the root of 252."""
    bought.fill("S", Side.SELL, 100, "9", 30)
    assert figures(bought.trades(), SESSIONS)["sharpe"] == Decimal("-11.2250")
