"""Which trades are pictured, and the candles around them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from skim_core.model.session import Session
from skim_core.ports.bars import MINUTE
from skim_core.report.model import Candles, TradeAccount

if TYPE_CHECKING:
    from skim_core.ports.bars import Bars

_MOST = 80
"""Candles of a picture, but for those that make it whole: a phone's screen has room for so many."""

_LENGTHS = (1, 2, 3, 5, 10, 15, 30, 60, 120, 390)
_BEFORE = dt.timedelta(minutes=40)
_AFTER = dt.timedelta(minutes=20)
_AUCTION = dt.timedelta(hours=1)
"""A closing auction trades after the close, within this time."""

_LONGEST = 10
"""Sessions of one picture: of a position that was held for longer, its last ones are shown."""


def chosen(accounts: Sequence[TradeAccount], each: int) -> dict[int, tuple[str, ...]]:
    """Return the numbers of the trades to be pictured, in order, each with why.

    All when there are at most three times `each`; else the `each` best and worst (by profit)
    and the `each` latest.
    """
    if len(accounts) <= 3 * each:
        return {account.number: ("all",) for account in accounts}
    if each == 0:
        return {}
    by_profit = sorted(accounts, key=lambda account: (account.trade.profit, account.number))
    groups = {
        "best": by_profit[-each:],
        "worst": by_profit[:each],
        "latest": accounts[-each:],
    }
    numbers = sorted({account.number for group in groups.values() for account in group})
    named = {name: {account.number for account in group} for name, group in groups.items()}
    return {
        number: tuple(name for name, group in named.items() if number in group)
        for number in numbers
    }


def spanned(account: TradeAccount, sessions: Sequence[Session]) -> list[Session]:
    """Return the sessions that the picture of a trade is made of, in order."""
    trade = account.trade
    during = [
        session
        for session in sessions
        if session.date <= trade.session and session.close + _AUCTION >= trade.entered_at
    ]
    return (during or [session for session in sessions if session.date == trade.session])[
        -_LONGEST:
    ]


def candles(account: TradeAccount, days: Sequence[tuple[Session, Bars]]) -> Candles | None:
    """Return the candles around a trade from the bars of its sessions, in their order.

    From before the entry (with an opening range: from its start) to after the exit. None when
    no session has the symbol.
    """
    symbol = account.trade.symbol
    found = [
        (bars.only([symbol]), _window(account, session, bars))
        for session, bars in days
        if symbol in bars.row
    ]
    if not found:
        return None
    minutes = sum((end - start) // MINUTE for _, (start, end) in found)
    length = next((each for each in _LENGTHS if minutes <= each * _MOST), _LENGTHS[-1])
    windows = [_in_whole_candles(bars, window, length) for bars, window in found]
    columns: dict[str, list[float | None]] = {name: [] for name in _PRICES}
    volume: list[float] = []
    starts: list[dt.datetime] = []
    first: list[int] = []
    for window in windows:
        first.append(len(starts))
        for column in range(0, window.minutes, length):
            starts.append(window.start + column * MINUTE)
            part = slice(column, column + length)
            for name, value in _joined(window, part).items():
                columns[name].append(value)
            volume.append(float(window.volume[0, part].sum()))
    return Candles(
        minutes=length,
        starts=tuple(starts),
        **{name: tuple(values) for name, values in columns.items()},
        volume=tuple(volume),
        sessions=tuple(first),
    )


_PRICES = ("open", "high", "low", "close")


def _window(account: TradeAccount, session: Session, bars: Bars) -> tuple[dt.datetime, dt.datetime]:
    """Return from when until when a session belongs into the picture."""
    trade, start, end = account.trade, bars.start, bars.end
    if trade.entered_at >= session.open:
        start = max(start, _whole_minutes(trade.entered_at - _BEFORE, start))
        if account.opening_range is not None:
            start = max(bars.start, min(start, account.opening_range.start - 5 * MINUTE))
    if trade.exited_at <= session.close:
        length = max(_AFTER, (trade.exited_at - max(trade.entered_at, session.open)) / 5)
        end = min(end, _whole_minutes(trade.exited_at + length, bars.start) + MINUTE)
    start = min(start, bars.end - MINUTE)
    return start, max(end, start + MINUTE)


def _in_whole_candles(bars: Bars, window: tuple[dt.datetime, dt.datetime], length: int) -> Bars:
    """Return the window made wider so that candles begin on round times since the open.

    Only the last candle of a session may be a shorter one.
    """
    start, end = window
    first = bars.column(start) // length * length
    last = -(-bars.column(end) // length) * length
    return bars.between(bars.start + first * MINUTE, bars.start + last * MINUTE)


def _whole_minutes(moment: dt.datetime, since: dt.datetime) -> dt.datetime:
    return since + ((moment - since) // MINUTE) * MINUTE


def _joined(bars: Bars, part: slice) -> Mapping[str, float | None]:
    """Return open, high, low and close of one candle; None for each when nothing traded."""
    close = bars.close[0, part]
    traded = [index for index, price in enumerate(close) if price == price]  # noqa: PLR0124  not NaN
    if not traded:
        return dict.fromkeys(_PRICES)
    return {
        "open": float(bars.open[0, part][traded[0]]),
        "high": float(bars.high[0, part][traded].max()),
        "low": float(bars.low[0, part][traded].min()),
        "close": float(close[traded[-1]]),
    }
