"""How the simulated exchange trades: when, and at what price, an order trades next.

**What is known of a minute.** A bar is stamped with the start of its minute. Its open is
the minute's first price and comes at its start; in which order high and low came is not
known. So a trade at the open is timed at the minute's start, and one inside the minute 30
seconds into it. What can't be known is assumed against the order: a stop before a target,
and nothing better than the order's own price.

**When an order is first looked at.** One that arrives exactly at a minute's start, or
before, can trade at that minute's open. One that arrives inside a minute is looked at from
the next minute on. A symbol's minutes begin with the one that holds its own opening. A
changed order arrives anew.

**Market** orders trade at the open of the next minute with a trade. **Limit**: a buy trades
in the first minute whose low is at or below its limit, at the open when that is better, at
the limit otherwise; a sale is the mirror image. **Stop**: a sale is triggered in the first
minute whose low is at or below the stop and trades at the stop, or at the open when the
market has gapped through; a buy is the mirror image. What a triggered stop could not trade
in that minute trades as a market order. **Stop-limit**: triggered like a stop, then a limit
order: at the trigger's price when the limit allows that, later in the same minute only at
a price that certainly came after the trigger (after an open: high and low; after a trigger
inside the minute: the close), from the next minute on like any limit.

**Auctions.** An AT_OPEN order, and any market order that arrives before its symbol's
opening, trades in the opening auction: at the open of the symbol's first bar. AT_CLOSE
trades in the closing auction, at the last traded price. An auction trades any quantity; a
limit that it does not reach is cancelled.

**Volume.** Otherwise the orders of one side trade at most a fraction of a minute's volume,
in whole shares; the rest waits for following minutes. A stop is triggered even when there
is no share left for it.

**Slippage**, where the option asks for it, makes the price of a market order's or a triggered
stop's fill worse by so much, a stop-limit's as far as its limit allows in the touch that
triggers it. It may lie outside the minute's high and low: that there was a price does not say
that there were shares. An auction has one price for all, and a limit order trades at its own.

**Children** are held until their parent's first fill and cover what it has filled so far.
After a fill at the open they may trade in the rest of that minute. After a fill inside
one, a stop trades if the minute's low (a buy: high) reaches it, at the fill's own price
when that is already through the stop; a limit only if the fill's price or the close is
beyond it. One fill of an OCA group takes as many shares from each of the others.

**One instant.** What is due at an instant is done before the instructions that arrive in
it, and they are matched together afterwards, by arrival and reference. Inside a minute
stops come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from skim_core.model.orders import Order, OrderType, Side, TimeInForce
from skim_core.ports.bars import MINUTE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skim_core.model.exchange import Exchange
    from skim_core.ports.bars import Column
    from skim_core.sim.data import SessionData
    from skim_core.sim.options import SimOptions

INSIDE = timedelta(seconds=30)
"""How long after its start a trade inside a minute is timed."""

_NO_LIMIT = np.int64(2**62)
_PLACES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """One symbol's session, one element a minute; prices are NaN in a minute without a trade.

    `shares` is what one side may trade in each minute. `opening` is when the symbol
    opens, `closing` when its closing auction trades; None when it is halted by then.
    """

    start: datetime
    opening: datetime
    closing: datetime | None
    open: Column
    high: Column
    low: Column
    close: Column
    shares: NDArray[np.int64]

    @property
    def opening_column(self) -> int:
        """The minute that holds the symbol's opening."""
        return (self.opening - self.start) // MINUTE

    def first_column(self, arrival: datetime) -> int:
        """Return the first minute in which an order that arrives at `arrival` is looked at."""
        if arrival <= self.opening:
            return self.opening_column
        return -((self.start - arrival) // MINUTE)

    def time(self, column: int, *, inside: bool) -> datetime:
        """Return when a trade in the minute `column` is timed, at its open or inside it."""
        moment = self.start + column * MINUTE + (INSIDE if inside else timedelta(0))
        return max(moment, self.opening) if column == self.opening_column else moment


@dataclass(frozen=True, slots=True)
class Since:
    """From where on an order is looked at.

    `entered` is the price of the fill inside the minute `column` after which the order
    begins to work in that same minute; None when the whole minute is the order's.
    """

    column: int
    entered: Decimal | None = None
    opening_auction: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """The market meets an order: it trades, or is triggered, at `when` for `price`."""

    when: datetime
    column: int
    price: Decimal
    inside: bool = False
    auction: bool = False


def make_tape(
    data: SessionData, symbol: str, rules: Exchange, options: SimOptions, *, auction: bool = True
) -> Tape:
    """Return the tape of `symbol` in `data`, a symbol that the data has, without its halts.

    `auction`: whether it has a closing auction.
    """
    bars, row = data.bars, data.bars.row[symbol]
    opened, high, low, close = (
        np.round(column[row], _PLACES) for column in (bars.open, bars.high, bars.low, bars.close)
    )
    if options.participation is None:
        shares = np.full(close.shape, _NO_LIMIT)
    else:
        # A billionth more, so that 0.29 of 100 shares is 29 in floating point as well.
        shares = np.floor(bars.volume[row] * options.participation + 1e-9).astype(np.int64)
    shares[np.isnan(close)] = 0
    return Tape(
        start=bars.start,
        opening=rules.opening(symbol, data.session),
        closing=data.session.close + (rules.closing_auction or timedelta(0)) if auction else None,
        open=opened,
        high=high,
        low=low,
        close=close,
        shares=shares,
    )


def exact(price: float) -> Decimal:
    """Return the data's price as the exact decimal that it stands for."""
    return Decimal(repr(round(float(price), _PLACES)))


def reaches(side: Side, price: Decimal, limit: Decimal | None) -> bool:
    """Whether an order of `side` may trade at `price`: not worse than its limit."""
    return limit is None or (price <= limit if side is Side.BUY else price >= limit)


def is_resting_stop(order: Order, *, triggered: bool) -> bool:
    """Whether `order` waits for its stop price."""
    return order.stop_price is not None and not triggered


def goes_to_opening_auction(
    order: Order, tape: Tape, arrival: datetime, *, triggered: bool
) -> bool:
    """Whether an order that arrives at `arrival` trades in its symbol's opening auction."""
    if order.time_in_force is TimeInForce.AT_OPEN:
        return True
    at_market = order.type is OrderType.MARKET or (order.type is OrderType.STOP and triggered)
    return at_market and arrival < tape.opening


def next_touch(tape: Tape, order: Order, since: Since, *, triggered: bool) -> Touch | None:
    """Return where the market next meets `order`, or None when it does not in this session.

    Looks at the whole rest of the tape at once; what it finds must not be told before
    its time.
    """
    if order.time_in_force is TimeInForce.AT_CLOSE:
        return _closing_auction(tape)
    if since.opening_auction:
        return _at_open(tape, ~np.isnan(tape.open[since.column :]), since.column, auction=True)
    first = since.column
    if since.entered is not None:
        touch = _rest_of_minute(tape, order, since.column, since.entered, triggered=triggered)
        if touch is not None:
            return touch
        first += 1
    if is_resting_stop(order, triggered=triggered):
        # mypy can't see through the call: a resting stop has a stop price.
        assert order.stop_price is not None
        return _crossing(
            tape, order.stop_price, first, falling=order.side is Side.SELL, any_volume=True
        )
    if order.limit_price is None:
        return _at_open(tape, tape.shares[first:] > 0, first)
    return _crossing(tape, order.limit_price, first, falling=order.side is Side.BUY)


def _at_open(
    tape: Tape, hits: NDArray[np.bool_], first: int, *, auction: bool = False
) -> Touch | None:
    column = _first(hits, first)
    if column is None:
        return None
    price = exact(tape.open[column])
    return Touch(tape.time(column, inside=False), column, price, auction=auction)


def _crossing(
    tape: Tape, level: Decimal, first: int, *, falling: bool, any_volume: bool = False
) -> Touch | None:
    """Return the first touch of `level` from above (falling) or below, from minute `first` on."""
    target = float(level)
    hits = tape.low[first:] <= target if falling else tape.high[first:] >= target
    if not any_volume:
        hits &= tape.shares[first:] > 0
    column = _first(hits, first)
    if column is None:
        return None
    opened = tape.open[column]
    inside = bool(opened > target if falling else opened < target)
    price = level if inside else exact(opened)
    return Touch(tape.time(column, inside=inside), column, price, inside=inside)


def _rest_of_minute(
    tape: Tape, order: Order, column: int, entered: Decimal, *, triggered: bool
) -> Touch | None:
    """Return the touch in what is left of a minute after a trade inside it at `entered`."""
    if is_resting_stop(order, triggered=triggered):
        assert order.stop_price is not None
        level, falling = order.stop_price, order.side is Side.SELL
        last = tape.low[column] if falling else tape.high[column]
    elif order.limit_price is not None:
        level, falling = order.limit_price, order.side is Side.BUY
        last = tape.close[column]
    else:
        return None
    through = entered <= level if falling else entered >= level
    if not through and (last > float(level) if falling else last < float(level)):
        return None
    price = entered if through else level
    return Touch(tape.time(column, inside=True), column, price, inside=True)


def _closing_auction(tape: Tape) -> Touch | None:
    traded = np.flatnonzero(~np.isnan(tape.close))
    if tape.closing is None or not traded.size:
        return None
    column = int(traded[-1])
    return Touch(tape.closing, column, exact(tape.close[column]), auction=True)


def _first(hits: NDArray[np.bool_], first: int) -> int | None:
    if not hits.size:
        return None
    index = int(hits.argmax())
    return first + index if hits[index] else None
