"""The ORB reference in backtrader, one feed a symbol: python with_backtrader.py BARS.npz TRADES.csv."""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
from told import BUFFER, FIRST, RANGE, TOLERANCE, Trade, tell

BARS = np.load(sys.argv[1])["bars"]
DAYS, SYMBOLS, MINUTES, _ = BARS.shape
LAST_ENTRY = MINUTES - 3
OPENED = dt.datetime(2026, 1, 5, 10, 0)  # noqa: DTZ001  backtrader's own clock has no zone
NUMBERS = [
    bt.date2num(OPENED + dt.timedelta(days=day, minutes=minute))
    for day in range(DAYS)
    for minute in range(MINUTES)
]


class Feed(bt.feed.DataBase):
    """One symbol's bars."""

    params = (("symbol", 0),)

    def start(self) -> None:
        super().start()
        self.number = 0

    def _load(self) -> bool:
        if self.number == DAYS * MINUTES:
            return False
        day, minute = divmod(self.number, MINUTES)
        lines = self.lines
        lines.datetime[0] = NUMBERS[self.number]
        bar = BARS[day, self.p.symbol, minute]
        lines.open[0], lines.high[0], lines.low[0], lines.close[0], lines.volume[0] = bar
        lines.openinterest[0] = 0
        self.number += 1
        return True


class Orb(bt.Strategy):
    """The README's rules; stops are watched on the bars, so only the prices differ."""

    def __init__(self) -> None:
        self.days = [[-1, 0.0, 0.0, -1, False] for _ in self.datas]
        self.trades: list[Trade] = []

    def next(self) -> None:
        for symbol, data in enumerate(self.datas):
            session, bar = divmod(len(data) - 1, MINUTES)
            day = self.days[symbol]
            if day[0] != session:
                day[:] = [session, data.high[0], data.low[0], -1, False]
            if bar < RANGE:
                day[1], day[2] = max(day[1], data.high[0]), min(day[2], data.low[0])
            elif day[4] and bar < MINUTES - 1 and data.low[0] <= day[2] + TOLERANCE:
                self.leave(symbol, data, bar, "stop")
            elif day[4] and bar == MINUTES - 1:
                self.leave(symbol, data, bar, "end")
            elif (
                day[3] < 0
                and FIRST <= bar <= LAST_ENTRY
                and data.close[0] > day[1] + BUFFER + TOLERANCE
            ):
                day[3], day[4] = bar + 1, True
                self.buy(data, size=100)

    def leave(self, symbol: int, data: Any, bar: int, reason: str) -> None:
        day = self.days[symbol]
        day[4] = False
        self.sell(data, size=100)
        self.trades.append(Trade(int(day[0]), symbol, int(day[3]), None, bar, None, reason))


def main(target: Path) -> None:
    """Run the engine and tell what came of it."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(1e9)
    for symbol in range(SYMBOLS):
        cerebro.adddata(Feed(symbol=symbol))
    cerebro.addstrategy(Orb)
    began = time.perf_counter()
    [strategy] = cerebro.run()
    tell(strategy.trades, target, run=time.perf_counter() - began)


if __name__ == "__main__":
    main(Path(sys.argv[2]))
