"""The picture of a trade: candles or its own fills, the opening range, the stop, in and out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from skim_core.report.model import Candles, Execution, Picture, TradeAccount
from skim_core.report.page.markup import Content, Markup, element, number
from skim_core.report.page.plot import (
    EDGES,
    WIDTH,
    Label,
    edge_labels,
    layer,
    mark,
    picture,
    steps_path,
    thin_out,
    value_lines,
)
from skim_core.report.page.scale import Scale, stretched
from skim_core.report.page.timeline import Hours, hours
from skim_core.report.page.words import Clock, price, short_date

_PRICES, _GAP, _VOLUME = 190.0, 8.0, 34.0
_LABELS = 5
_FAR = 1.5
"""A level is left out that would make the picture of the prices smaller than 1 / (1 + this)."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Candles in a row, each as wide as any other."""

    shown: Candles

    def place(self, moment: dt.datetime) -> float:
        """Return where an instant lies, from 0 to 1."""
        starts, length = self.shown.starts, dt.timedelta(minutes=self.shown.minutes)
        index = max((i for i, start in enumerate(starts) if start <= moment), default=0)
        part = max(0.0, min(1.0, (moment - starts[index]) / length))
        return (index + part) / len(starts)

    def labels(self, clock: Clock) -> list[Label]:
        """Return dates where sessions begin, else round times."""
        starts, firsts = self.shown.starts, self.shown.sessions
        if len(firsts) > 1:
            dates = [(i / len(starts), short_date(clock.local(starts[i]).date())) for i in firsts]
            return [Label(label.place, label.text) for label in thin_out(dates, _LABELS)]
        end = starts[-1] + dt.timedelta(minutes=self.shown.minutes)
        return hours(Hours(starts[0], end), clock, _LABELS)


def trade_picture(account: TradeAccount, shown: Picture, clock: Clock) -> Markup:
    """Return the picture of a trade."""
    trade, candles = account.trade, shown.candles
    row = _Row(candles) if candles else _around(account)
    labels = row.labels(clock) if isinstance(row, _Row) else hours(row, clock, _LABELS)
    scale = Scale(*_span(account, candles), _PRICES, 0)
    height = _PRICES + (_GAP + _VOLUME if candles else 0)
    return picture(
        f"trade-{account.number}",
        (f"{trade.symbol} on {trade.session}", _told(account, clock)),
        height + 22,
        value_lines(scale, 5),
        layer(
            _PRICES,
            _range(account, row, scale),
            _breaks(candles),
            _bars(candles, scale) if candles else None,
            _way(account, row, scale),
            _stop(account, row, scale),
        ),
        layer(_VOLUME, _volume(candles), y=_PRICES + _GAP, class_="volume") if candles else None,
        _marks(account, row, scale),
        edge_labels(labels, height + 16),
        class_="candles",
    )


def _around(account: TradeAccount) -> Hours:
    """Return the time of a picture without candles: from the opening range to after the exit."""
    trade, found = account.trade, account.opening_range
    start = min(trade.entered_at, found.start) if found else trade.entered_at
    room = max((trade.exited_at - start) / 20, dt.timedelta(minutes=1))
    return Hours(start - room, trade.exited_at + room)


def _told(account: TradeAccount, clock: Clock) -> str:
    trade, found = account.trade, account.opening_range
    parts = [
        f"{trade.side} {trade.quantity:,} at {price(trade.entry_price)}, "
        f"{clock.full(trade.entered_at)}",
        f"out at {price(trade.exit_price)}, {clock.full(trade.exited_at)} ({trade.exit_reason})",
    ]
    if account.stops:
        parts.append("stop " + ", then ".join(price(level.price) for level in account.stops))
    if found is not None:
        parts.append(f"opening range {price(found.low)} to {price(found.high)}")
    return "; ".join(parts) + "."


def _span(account: TradeAccount, candles: Candles | None) -> tuple[float, float]:
    """Return the prices that the picture spans: all that traded, and levels that are not far off."""
    prices = [float(each.price) for each in account.executions]
    prices += [float(account.trade.entry_price), float(account.trade.exit_price)]
    if candles is not None:
        prices += [each for each in (*candles.low, *candles.high) if each is not None]
    low, high = min(prices), max(prices)
    room = (high - low) * _FAR or low * 0.05
    for level in _levels(account):
        if low - room <= level <= high + room:
            prices.append(level)
    return stretched(min(prices), max(prices), 0.1)


def _levels(account: TradeAccount) -> Iterator[float]:
    yield from (float(level.price) for level in account.stops)
    if account.opening_range is not None:
        yield from (float(account.opening_range.high), float(account.opening_range.low))


def _bars(candles: Candles, scale: Scale) -> Markup:
    slot = WIDTH / len(candles.starts)
    paths: dict[str, list[str]] = {"up": [], "down": []}
    columns = (candles.open, candles.high, candles.low, candles.close)
    for index, (first, high, low, last) in enumerate(zip(*columns, strict=True)):
        if first is None or high is None or low is None or last is None:
            continue
        middle = number((index + 0.5) * slot)
        top, bottom = scale(max(first, last)), scale(min(first, last))
        left, width = number((index + 0.18) * slot), number(slot * 0.64)
        paths["up" if last >= first else "down"].append(
            f"M{middle} {number(scale(high))}V{number(top)}M{middle} {number(bottom)}"
            f"V{number(scale(low))}M{left} {number(top)}h{width}v{number(bottom - top)}H{left}z"
        )
    return element(
        "g",
        *(
            element("path", d="".join(path), class_=f"candle {name}")
            for name, path in paths.items()
        ),
    )


def _volume(candles: Candles) -> Markup:
    slot, most = WIDTH / len(candles.starts), max(candles.volume) or 1.0
    path = "".join(
        f"M{number((index + 0.18) * slot)} {number(_VOLUME)}v{number(-volume / most * _VOLUME)}"
        f"h{number(slot * 0.64)}V{number(_VOLUME)}z"
        for index, volume in enumerate(candles.volume)
        if volume
    )
    return element("path", d=path)


def _breaks(candles: Candles | None) -> Markup | None:
    if candles is None or len(candles.sessions) == 1:
        return None
    places = (number(first / len(candles.starts) * WIDTH) for first in candles.sessions[1:])
    return element("path", d="".join(f"M{x} 0V{number(_PRICES)}" for x in places), class_="night")


def _range(account: TradeAccount, row: _Row | Hours, scale: Scale) -> Content:
    found = account.opening_range
    if found is None:
        return None
    high, low = scale(float(found.high)), scale(float(found.low))
    start, end = row.place(found.start) * WIDTH, row.place(found.end) * WIDTH
    to = row.place(account.trade.exited_at) * WIDTH
    return element(
        "g",
        element("rect", x=start, y=high, width=max(end - start, 4.0), height=max(low - high, 1.0)),
        element(
            "path",
            d=f"M{number(end)} {number(high)}H{number(to)}M{number(end)} {number(low)}H{number(to)}",
        ),
        class_="range",
    )


def _way(account: TradeAccount, row: _Row | Hours, scale: Scale) -> Markup:
    """Return the line from the entry to the exit."""
    trade = account.trade
    start, end = (row.place(at) * WIDTH for at in (trade.entered_at, trade.exited_at))
    d = (
        f"M{number(start)} {number(scale(float(trade.entry_price)))}"
        f"L{number(end)} {number(scale(float(trade.exit_price)))}"
    )
    return element("path", d=d, class_="way up" if trade.profit >= 0 else "way down")


def _stop(account: TradeAccount, row: _Row | Hours, scale: Scale) -> Markup | None:
    if not account.stops:
        return None
    points = [(row.place(level.at) * WIDTH, scale(float(level.price))) for level in account.stops]
    end = max(row.place(account.trade.exited_at) * WIDTH, points[-1][0] + 4)
    return element("path", d=steps_path(points, end), class_="stop")


def _marks(account: TradeAccount, row: _Row | Hours, scale: Scale) -> Markup:
    """Return a triangle for the fills of each place and side; the first of each side is named."""
    entry_side = account.trade.side
    ordered = sorted(account.executions, key=lambda each: (each.side != entry_side, each.at))

    def where(each: Execution) -> tuple[bool, float]:
        return each.side == entry_side, round(row.place(each.at) * 60)

    parts: list[Content] = []
    named: set[bool] = set()
    for (is_entry, _), group in groupby(ordered, key=where):
        fills = list(group)
        word = None if is_entry in named else "in" if is_entry else "out"
        named.add(is_entry)
        parts.append(_mark(fills, word, row.place(fills[0].at), scale, is_entry=is_entry))
    return element("g", *parts, class_="marks")


def _mark(
    fills: Sequence[Execution], word: str | None, place: float, scale: Scale, *, is_entry: bool
) -> Markup:
    shares = sum(each.quantity for each in fills)
    average = sum((each.quantity * each.price for each in fills), Decimal(0)) / shares
    bought = fills[0].side == "buy"
    shape, below = ("M0 2l5.5 9.5h-11z", 22) if bought else ("M0 -2l5.5 -9.5h-11z", -15)
    anchor = "start" if place < EDGES[0] else "end" if place > EDGES[1] else None
    return mark(
        place,
        scale(float(average)),
        element("title", f"{fills[0].side} {shares:,} at {price(average)}"),
        element("path", d=shape, class_="mark in" if is_entry else "mark out"),
        element("text", word, y=below, text_anchor=anchor, class_="named") if word else None,
    )
