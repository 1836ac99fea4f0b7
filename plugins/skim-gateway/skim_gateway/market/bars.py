"""Bars of any size, from minutes and from the trades of the minute that lasts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

import numpy as np

from skim_core import MINUTE, Session
from skim_core.sim import exact
from skim_gateway.market.prints import Print, SessionTape
from skim_gateway.market.spans import DAY

_MINUTE_SECONDS = 60
_CENT_OF_TICK = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class TimedBar:
    """A bar that starts at `start`: `value` is what was paid in all, `count` the trades."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    value: Decimal
    count: int

    @property
    def average(self) -> Decimal:
        """The volume-weighted average price."""
        if not self.volume:
            return self.close
        return (self.value / self.volume).quantize(_CENT_OF_TICK)


def bars(
    tape: SessionTape, symbol: str, start: datetime, until: datetime, seconds: int
) -> list[TimedBar]:
    """Return the bars of `seconds` from `start` on, what is known of them by `until`.

    They begin at whole multiples of their size on the exchange's own clock, the session's
    first one at its open.
    """
    if seconds < _MINUTE_SECONDS:
        found = _of_prints(tape.prints(symbol, start, until))
    else:
        found = _of_minutes(tape, symbol, start, until)
    session = tape.session
    return [
        _joined(begin, list(members))
        for begin, members in groupby(found, lambda bar: bar_start(session, bar.start, seconds))
    ]


def bar_start(session: Session, moment: datetime, seconds: int) -> datetime:
    """Return the start of the bar of `seconds` that `moment` lies in."""
    if seconds >= DAY:
        return session.open
    local = session.local(moment)
    into = timedelta(
        seconds=(local.hour * 3600 + local.minute * 60 + local.second) % seconds,
        microseconds=local.microsecond,
    )
    return max(session.open, moment - into)


def _of_prints(prints: Iterable[Print]) -> Iterator[TimedBar]:
    for found in prints:
        price, size = found.price, found.size
        yield TimedBar(found.at, price, price, price, price, size, price * size, 1)


def _of_minutes(
    tape: SessionTape, symbol: str, start: datetime, until: datetime
) -> Iterator[TimedBar]:
    data = tape.data.bars
    row = data.row.get(symbol)
    if row is None:
        return
    first = min(max(0, -((data.start - start) // MINUTE)), data.minutes)
    over = min(data.minutes, max(first, data.column(until)))
    for column in first + np.flatnonzero(~np.isnan(data.close[row, first:over])):
        opened, high, low, close = (
            exact(values[row, column]) for values in (data.open, data.high, data.low, data.close)
        )
        volume = int(data.volume[row, column])
        value = (opened + high + low + close) / 4 * volume
        begin = data.start + int(column) * MINUTE
        yield TimedBar(begin, opened, high, low, close, volume, value, max(1, min(volume, 4)))
    lasting = max(start, data.start + over * MINUTE)
    yield from _of_prints(tape.prints(symbol, lasting, until))


def _joined(start: datetime, members: list[TimedBar]) -> TimedBar:
    return TimedBar(
        start=start,
        open=members[0].open,
        high=max(bar.high for bar in members),
        low=min(bar.low for bar in members),
        close=members[-1].close,
        volume=sum(bar.volume for bar in members),
        value=sum((bar.value for bar in members), Decimal(0)),
        count=sum(bar.count for bar in members),
    )
