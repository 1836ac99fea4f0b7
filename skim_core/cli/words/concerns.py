"""What of a day a person has to know or to do, beside how its phases stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from skim_core.cli.output import local_time
from skim_core.cli.standing import Standing
from skim_core.cli.words.phrases import listed, order_text, resolve_command
from skim_core.model.orders import OrderStage, OrderState
from skim_core.model.session import Session


class Concern(NamedTuple):
    """One matter in words; `urgent` when it waits for a person."""

    text: str
    urgent: bool


def concerns(standing: Standing, session: Session) -> Iterator[Concern]:
    """Yield what a day's events leave to be known or done, the urgent first."""
    book = standing.book
    for state in unknown_orders(standing):
        text = (
            f"UNKNOWN what became of {order_text(state.order)} ({state.order.reference}): "
            f"{state.reason}. {state.order.symbol} is blocked. Look at the broker's own "
            f"records, then: {resolve_command(state.order.reference)}"
        )
        yield Concern(text, urgent=True)
    over = standing.state is not None and standing.state.finished
    for symbol, since in book.bare.items():
        lapsed = symbol in book.lapsed
        text = f"{symbol} has had no working stop since {local_time(session, since)}"
        yield Concern(f"{text}: protection has lapsed" if lapsed else text, urgent=lapsed or over)
    if not book.connected and not over:
        yield Concern("the line to the broker is down: stops at the broker stand", urgent=False)
    if book.halted is not None:
        sold = ", and what is held is sold" if book.halted.flatten else ""
        why = f"{book.halted.by}: {book.halted.why}{sold}"
        yield Concern(f"entries have been halted by {why}", urgent=False)
    shares = [f"{quantity} {symbol}" for symbol, quantity in book.foreign.items()]
    if shares or book.foreign_orders:
        text = listed([*shares, *book.foreign_orders])
        yield Concern(f"not ours, and left alone: {text}", urgent=False)


def unknown_orders(standing: Standing) -> list[OrderState]:
    """Return the orders of which nobody knows what became of them, oldest first."""
    return [state for state in standing.book.live if state.stage is OrderStage.UNKNOWN]


def described(standing: Standing) -> dict[str, Any]:
    """Return the same for `print_json`."""
    book = standing.book
    return {
        "unknown_orders": [
            {
                **state.order.model_dump(),
                "finding": state.reason,
                "resolve": resolve_command(state.order.reference),
            }
            for state in unknown_orders(standing)
        ],
        "without_stop": [
            {"symbol": symbol, "since": since, "lapsed": symbol in book.lapsed}
            for symbol, since in book.bare.items()
        ],
        "connected": book.connected,
        "halted": book.halted.model_dump() if book.halted is not None else None,
        "foreign_positions": dict(book.foreign),
        "foreign_orders": list(book.foreign_orders),
    }
