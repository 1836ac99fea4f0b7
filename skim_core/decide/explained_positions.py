"""What each position came to, told from a day's records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from skim_core.decide.explained import PositionAccount
from skim_core.decide.holdings import Holding, split
from skim_core.model import events as ev
from skim_core.model.orders import Fill, Side


class PositionsTeller:
    """Folds the events of positions, and the fills that they are made of."""

    def __init__(self) -> None:
        self._positions: list[PositionAccount] = []
        self._open: dict[str, PositionAccount] = {}
        self._holdings: dict[str, Holding] = {}

    def told(self) -> list[PositionAccount]:
        """Return every position; those still open with what is held of them."""
        for symbol, position in self._open.items():
            held = self._holdings.get(symbol)
            if held is not None and held.bought:
                position.quantity = abs(held.quantity)
                position.entry_price = held.cost / held.bought
        return self._positions

    def fill(self, fill: Fill) -> None:
        """Count a fill."""
        closing, opening = split(self._holdings.get(fill.symbol), fill)
        if closing is not None:
            holding = self._holdings[fill.symbol]
            holding.add(closing)
            if holding.quantity == 0:
                del self._holdings[fill.symbol]
        if opening is not None:
            self._holdings.setdefault(fill.symbol, Holding(fill.side, fill.at)).add(opening)

    def take(self, number: int, event: ev.Event) -> bool:
        """Take in a record; False when it is not a position's."""
        teller = self._tellers.get(type(event))
        if teller is None:
            return False
        teller(self, number, event)
        return True

    def _begin(self, position: PositionAccount) -> None:
        self._open[position.symbol] = position
        self._positions.append(position)

    def _carry(self, number: int, event: ev.PositionCarried) -> None:
        self._holdings[event.symbol] = Holding.carried(event)
        self._begin(
            PositionAccount(
                records=[number],
                symbol=event.symbol,
                side=Side.BUY if event.quantity > 0 else Side.SELL,
                quantity=abs(event.quantity),
                opened_at=event.opened_at,
                entry_price=event.average_price,
                carried=True,
            )
        )

    def _opened(self, number: int, event: ev.PositionOpened) -> None:
        self._begin(
            PositionAccount(
                records=[number],
                symbol=event.symbol,
                side=event.side,
                quantity=event.quantity,
                opened_at=event.at,
                entry_price=event.price,
            )
        )

    def _closed(self, number: int, event: ev.PositionClosed) -> None:
        position = self._open.pop(event.symbol, None)
        if position is None:
            # What it was opened with is not in this journal.
            position = PositionAccount(
                records=[],
                symbol=event.symbol,
                side=None,
                quantity=event.quantity,
                opened_at=event.opened_at,
                entry_price=event.entry_price,
            )
            self._positions.append(position)
        position.records.append(number)
        position.quantity = event.quantity
        position.entry_price, position.exit_price = event.entry_price, event.exit_price
        position.closed_at, position.profit = event.at, event.profit

    _tellers: ClassVar[dict[type[ev.Event], Callable[[PositionsTeller, int, Any], None]]] = {
        ev.PositionCarried: _carry,
        ev.PositionOpened: _opened,
        ev.PositionClosed: _closed,
    }
