"""The orders that a decision is made of: prices on the tick, references derived."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pydantic import ValidationError

from skim_core.decide.book import Book
from skim_core.decide.order_states import is_stop
from skim_core.errors import OrderRefusedError
from skim_core.model.exchange import Exchange
from skim_core.model.orders import (
    Bracket,
    Order,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
    order_reference,
)
from skim_core.model.trading_day import TradingDay


def bracket_orders(day: TradingDay, bracket: Bracket, exchange: Exchange) -> tuple[Order, ...]:
    """Return the entry of a bracket and its children. Raises OrderRefusedError."""
    entry = make_order(
        reference=order_reference(day, bracket.symbol, bracket.purpose),
        symbol=bracket.symbol,
        side=bracket.side,
        quantity=bracket.quantity,
        type=OrderType.LIMIT if bracket.limit_price else OrderType.MARKET,
        limit_price=not_worse(exchange, bracket.side, bracket.limit_price),
        purpose=bracket.purpose,
    )
    side = bracket.side.opposite
    stop_price = away(exchange, side, bracket.stop_price)
    stop = _child(entry, "stop", type=OrderType.STOP, stop_price=stop_price)
    if bracket.target_price is None:
        return entry, stop
    target_price = not_worse(exchange, side, bracket.target_price)
    return entry, stop, _child(entry, "target", type=OrderType.LIMIT, limit_price=target_price)


def replacement(stop: OrderState, quantity: int, known: Iterable[str]) -> Order:
    """Return a stop like `stop`, for `quantity` shares and with a reference of its own.

    It is in the same group: if the first turns up after all, not both trade. It has no parent:
    that one is over.
    """
    stem = stop.order.reference.rpartition(".")[0]
    number = 2
    while f"{stem}.S{number}" in known:
        number += 1
    return make_order(
        reference=f"{stem}.S{number}",
        symbol=stop.order.symbol,
        side=stop.order.side,
        quantity=quantity,
        type=stop.order.type,
        stop_price=stop.order.stop_price,
        limit_price=stop.order.limit_price,
        time_in_force=stop.order.time_in_force,
        purpose="stop",
        oca_group=stop.order.oca_group,
        closes=True,
    )


def exit_group(book: Book, day: TradingDay, symbol: str) -> str:
    """Return the OCA group of all that closes the position in `symbol`: its newest stop's."""
    groups = [
        state.order.oca_group
        for state in book.orders_in(symbol)
        if is_stop(state) and state.order.oca_group
    ]
    return groups[-1] if groups else order_reference(day, symbol, "exit", leg="G")


def make_order(**fields: object) -> Order:
    """Return an order. Raises OrderRefusedError for an unsound one, naming the field."""
    try:
        return Order.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "order"
        msg = (
            f"the order for {fields['symbol']} ({fields['purpose']}) is unsound: "
            f"{field}: {first['msg']}, found {first['input']!r}."
        )
        raise OrderRefusedError(msg) from error


def not_worse(exchange: Exchange, side: Side, limit: Decimal | None) -> Decimal | None:
    """Return a limit price on the tick that is not worse than `limit` for its owner."""
    if limit is None:
        return None
    return exchange.round_down(limit) if side is Side.BUY else exchange.round_up(limit)


def away(exchange: Exchange, side: Side, stop: Decimal) -> Decimal:
    """Return a stop price on the tick, not nearer to the entry than `stop`."""
    return exchange.round_down(stop) if side is Side.SELL else exchange.round_up(stop)


def _child(entry: Order, purpose: str, **fields: object) -> Order:
    """Return an order that rests from the entry's first fill on; one child cancels the other."""
    return make_order(
        reference=f"{entry.reference.removesuffix('.P')}.{purpose[0].upper()}",
        symbol=entry.symbol,
        side=entry.side.opposite,
        quantity=entry.quantity,
        time_in_force=TimeInForce.GTC,
        purpose=purpose,
        parent=entry.reference,
        oca_group=entry.reference,
        closes=True,
        **fields,
    )
