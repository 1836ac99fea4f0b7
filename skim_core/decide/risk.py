"""The limits that every entry must be within before it is decided.

`CHECKS` is the whole list; the first that objects says why. Exits and stops never come
here: nothing may hold them up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import TypeAlias

from skim_core.decide.book import Book
from skim_core.decide.order_states import is_entry
from skim_core.model.base import sound
from skim_core.model.limits import Limits, RiskReading
from skim_core.model.market import Quote
from skim_core.model.orders import Order, Side
from skim_core.model.session import Session
from skim_core.model.times import format_duration

_MINUTE = timedelta(minutes=1)
_READING = sound(RiskReading)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A limit that an entry would exceed: its name, and why in words."""

    limit: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Check:
    limits: Limits
    order: Order
    reading: RiskReading
    session: Session
    now: datetime


def held_symbols(books: Iterable[Book]) -> list[str]:
    """Return the symbols whose quotes a reading needs, besides the order's own."""
    return sorted({symbol for book in books for symbol in book.holdings})


def read_risk(
    order: Order,
    quotes: Mapping[str, Quote],
    books: Sequence[Book],
    now: datetime,
    opened: datetime | None = None,
    *,
    unrealised: bool = True,
) -> RiskReading:
    """Return what an entry's limits are checked against: `books` are those of the scope.

    What is held is worth its last quote; without one, what it cost: `unrealised` tells
    whether that is asked for. What was sent and made in
    a session that was over when the day's own `opened` is not the day's.
    """
    quote = quotes.get(order.symbol)
    price = _price(order, quote) or Decimal(0)
    value = price * order.quantity
    today = [book for book in books if not (opened and book.closes and book.closes <= opened)]
    entering = {symbol for book in books for symbol in book.entering}
    positions = {symbol for book in books for symbol in book.holdings} | entering
    return _READING(
        last=quote.last if quote else None,
        quoted_at=quote.at if quote else None,
        delayed=quote.delayed if quote else False,
        halted=quote.halted if quote else False,
        value=_exact(value),
        position_value=_exact(value + price * sum(_committed(book, order) for book in books)),
        positions=len(positions - {order.symbol}),
        orders_today=sum(len(book.entries_sent) for book in today),
        orders_last_minute=sum(_sent_since(book, now - _MINUTE) for book in today),
        realised=_exact(sum((book.realised for book in today), Decimal(0))),
        unrealised=_exact(_unrealised(books, quotes)) if unrealised else None,
        peak=_exact(sum((book.peak for book in today), Decimal(0))),
    )


def refusal(
    limits: Limits, order: Order, reading: RiskReading, session: Session, now: datetime
) -> Refusal | None:
    """Return the first limit that the entry would exceed, or None."""
    check = _Check(limits, order, reading, session, now)
    for name, test in CHECKS:
        reason = test(check)
        if reason:
            return Refusal(name, reason)
    return None


def _price(order: Order, quote: Quote | None) -> Decimal | None:
    """Return what a share of the order trades at, at most; None when nothing tells."""
    last = quote.last if quote else None
    limit = order.limit_price
    if limit is None or (order.side is Side.SELL and last is not None and last > limit):
        return last
    return limit


def _sent_since(book: Book, moment: datetime) -> int:
    """Return how many entries were sent after `moment`; they are in the order they were sent."""
    return sum(1 for _ in takewhile(lambda at: at > moment, reversed(book.entries_sent)))


def _unrealised(books: Sequence[Book], quotes: Mapping[str, Quote]) -> Decimal:
    total = Decimal(0)
    for book in books:
        for symbol, held in book.holdings.items():
            mark = quotes[symbol].last if symbol in quotes else held.cost / held.bought
            total += held.profit(mark)
    return total


def _committed(book: Book, order: Order) -> int:
    """Return the shares of the order's symbol that are held or on their way."""
    held = book.holdings.get(order.symbol)
    shares = abs(held.quantity) if held else 0
    return shares + sum(
        state.open_quantity for state in book.live_orders(order.symbol) if is_entry(state)
    )


def _exact(amount: Decimal) -> Decimal:
    return round(amount, 6)


def _worth(check: _Check, what: str, found: Decimal, limit: Decimal | None) -> str:
    if limit is not None and check.reading.last is None and check.order.limit_price is None:
        return f"{check.order.symbol} has no quote, so {what} is not known"
    return _above(what, found, limit)


def _above(what: str, found: Decimal | int, limit: Decimal | int | None) -> str:
    if limit is None or found <= limit:
        return ""
    shown = f"{found:,.2f}" if isinstance(found, Decimal) else f"{found:,}"
    return f"{what} would be {shown}, above the limit of {limit:,}"


def _symbols(check: _Check) -> str:
    allowed = check.limits.symbols
    if allowed is None or check.order.symbol in allowed:
        return ""
    return f"{check.order.symbol} is not among the symbols allowed"


def _before_close(check: _Check) -> str:
    lead = check.limits.before_close
    if lead is None or check.now < check.session.close - lead:
        return ""
    return f"the session closes within {format_duration(lead)}"


def _gateway_restart(check: _Check) -> str:
    at, margin = check.limits.gateway_restart, check.limits.restart_margin
    if at is None:
        return ""
    local = check.session.local(check.now)
    restart = local.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    if restart < local:
        restart += timedelta(days=1)
    if restart - local > margin:
        return ""
    return f"the gateway restarts at {at:%H:%M}, within {format_duration(margin)}"


def _trading_halt(check: _Check) -> str:
    return f"trading in {check.order.symbol} is halted" if check.reading.halted else ""


def _data(check: _Check) -> str:
    reading = check.reading
    if reading.delayed and not check.limits.delayed_data:
        return f"the market data of {check.order.symbol} is delayed"
    return ""


def _quote_age(check: _Check) -> str:
    limit, quoted = check.limits.quote_age, check.reading.quoted_at
    if limit is None:
        return ""
    if quoted is None:
        return f"{check.order.symbol} has no quote"
    age = check.now - quoted
    if age <= limit:
        return ""
    return (
        f"the last quote of {check.order.symbol} is {format_duration(age)} old, "
        f"older than {format_duration(limit)}"
    )


def _price_distance(check: _Check) -> str:
    limit, last, price = check.limits.price_distance, check.reading.last, check.order.limit_price
    if limit is None or last is None or price is None:
        return ""
    distance = abs(price - last) / last * 100
    if distance <= limit:
        return ""
    return f"the limit price {price} is {distance:.1f} % from the last trade, {last}"


def _loss(check: _Check) -> str:
    profit, limit = check.reading.profit, check.limits.loss_per_day
    if limit is None or profit > -limit:
        return ""
    return f"the day has lost {-profit:,.2f}, the limit is {limit:,}"


def _drawdown(check: _Check) -> str:
    profit, limit = check.reading.profit, check.limits.drawdown
    fall = check.reading.peak - profit
    if limit is None or fall < limit:
        return ""
    return f"the day's profit has fallen by {fall:,.2f} from its highest, the limit is {limit:,}"


_Test: TypeAlias = Callable[[_Check], str]

CHECKS: tuple[tuple[str, _Test], ...] = (
    ("symbols", _symbols),
    ("before_close", _before_close),
    ("gateway_restart", _gateway_restart),
    ("trading_halt", _trading_halt),
    ("delayed_data", _data),
    ("quote_age", _quote_age),
    ("price_distance", _price_distance),
    ("order_quantity", lambda c: _above("the order", c.order.quantity, c.limits.order_quantity)),
    (
        "order_value",
        lambda c: _worth(c, "the order's value", c.reading.value, c.limits.order_value),
    ),
    (
        "position_value",
        lambda c: _worth(
            c, "the position's value", c.reading.position_value, c.limits.position_value
        ),
    ),
    (
        "positions",
        lambda c: _above("the number of positions", c.reading.positions + 1, c.limits.positions),
    ),
    (
        "orders_per_minute",
        lambda c: _above(
            "the entries of the last minute",
            c.reading.orders_last_minute + 1,
            c.limits.orders_per_minute,
        ),
    ),
    (
        "orders_per_day",
        lambda c: _above(
            "the entries of the day", c.reading.orders_today + 1, c.limits.orders_per_day
        ),
    ),
    ("loss_per_day", _loss),
    ("drawdown", _drawdown),
)
"""Every limit's name with its test: why not, or ''. All but `trading_halt`, which always holds, are set."""
