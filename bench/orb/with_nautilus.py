"""The ORB reference in NautilusTrader's backtest engine: python with_nautilus.py BARS.npz TRADES.csv."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy
from told import BUFFER, FIRST, RANGE, TOLERANCE, Trade, tell

BARS = np.load(sys.argv[1])["bars"]
DAYS, SYMBOLS, MINUTES, _ = BARS.shape
LAST_ENTRY = MINUTES - 3
MIDNIGHT = 1_767_571_200_000_000_000
MINUTE, DAY = 60_000_000_000, 86_400_000_000_000
VENUE = Venue("SIM")


class Orb(Strategy):
    """The README's rules; stops are watched on the bars, so only the prices differ."""

    def __init__(self, types: list[BarType]) -> None:
        super().__init__(StrategyConfig())
        self.types = types
        self.numbers = {kind: number for number, kind in enumerate(types)}
        self.days = [[-1, 0.0, 0.0, -1, False] for _ in types]
        self.trades: list[Trade] = []

    def on_start(self) -> None:
        for kind in self.types:
            self.subscribe_bars(kind)

    def on_bar(self, bar: Bar) -> None:
        symbol = self.numbers[bar.bar_type]
        session, rest = divmod(int(bar.ts_event) - MIDNIGHT, DAY)
        minute = rest // MINUTE
        day = self.days[symbol]
        high, low, close = float(bar.high), float(bar.low), float(bar.close)
        if day[0] != session:
            day[:] = [session, high, low, -1, False]
        if minute < RANGE:
            day[1], day[2] = max(day[1], high), min(day[2], low)
        elif day[4] and minute < MINUTES - 1 and low <= day[2] + TOLERANCE:
            self.leave(bar, symbol, minute, "stop")
        elif day[4] and minute == MINUTES - 1:
            self.leave(bar, symbol, minute, "end")
        elif day[3] < 0 and FIRST <= minute <= LAST_ENTRY and close > day[1] + BUFFER + TOLERANCE:
            day[3], day[4] = minute + 1, True
            self.send(bar, OrderSide.BUY)

    def leave(self, bar: Bar, symbol: int, minute: int, reason: str) -> None:
        day = self.days[symbol]
        day[4] = False
        self.send(bar, OrderSide.SELL)
        self.trades.append(Trade(int(day[0]), symbol, int(day[3]), None, minute, None, reason))

    def send(self, bar: Bar, side: OrderSide) -> None:
        quantity = Quantity.from_int(100)
        self.submit_order(self.order_factory.market(bar.bar_type.instrument_id, side, quantity))


def add_symbol(engine: BacktestEngine, symbol: int) -> tuple[BarType, list[Bar]]:
    """Add an instrument; return its bars, all of them objects."""
    name = Symbol(f"S{symbol:03d}")
    identity = InstrumentId(name, VENUE)
    step, lot = Price.from_str("0.01"), Quantity.from_int(1)
    engine.add_instrument(Equity(identity, name, USD, 2, step, lot, 0, 0))
    kind = BarType.from_str(f"{identity}-1-MINUTE-LAST-EXTERNAL")
    bars = []
    for day in range(DAYS):
        for minute in range(MINUTES):
            *prices, volume = BARS[day, symbol, minute].tolist()
            at = MIDNIGHT + day * DAY + minute * MINUTE
            quoted = (Price(price, 2) for price in prices)
            bars.append(Bar(kind, *quoted, Quantity(volume, 0), at, at))
    return kind, bars


def main(target: Path) -> None:
    """Run the engine and tell what came of it."""
    began = time.perf_counter()
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    cash = [Money(100_000_000, USD)]
    engine.add_venue(VENUE, OmsType.NETTING, AccountType.MARGIN, cash, base_currency=USD)
    added = [add_symbol(engine, symbol) for symbol in range(SYMBOLS)]
    bars = [bar for _, of_symbol in added for bar in of_symbol]
    bars.sort(key=lambda bar: bar.ts_init)
    engine.add_data(bars, sort=True)
    strategy = Orb([kind for kind, _ in added])
    engine.add_strategy(strategy)
    loaded = time.perf_counter()
    engine.run()
    run = time.perf_counter() - loaded
    tell(strategy.trades, target, run=run, load=loaded - began)


if __name__ == "__main__":
    main(Path(sys.argv[2]))
