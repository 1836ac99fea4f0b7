"""Trades: each execution is told once, however often and from wherever it comes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from skim_broker_ibkr.orders import reference_of, side_of
from skim_broker_ibkr.told import ToldCommission, ToldExecution
from skim_core import Fill
from skim_core.broker import sound

_log = logging.getLogger("skim.ibkr")
_FILL = sound(Fill)


def trade_id(execution_id: str) -> str:
    """Return what names a trade once: an execution's id without its revision.

    A correction of an execution differs from it only after the last dot. Source: IBKR, TWS
    API, "Executions and commissions".

    >>> trade_id("00025b46.63f8f39c.01.01")
    '00025b46.63f8f39c.01'
    """
    head, dot, _ = execution_id.rpartition(".")
    return head if dot else execution_id


@dataclass(slots=True)
class Trade:
    """An execution; `commission` is None until it is told. `told`: its notice has gone out."""

    execution: ToldExecution
    symbol: str
    commission: Decimal | None = None
    told: bool = False

    def fill(self) -> Fill:
        """Return it as skim's fill."""
        execution = self.execution
        side = side_of(execution.side)
        assert side is not None  # ingest takes no other
        return _FILL(
            execution_id=trade_id(execution.execution_id),
            reference=reference_of(
                execution.reference, execution.perm_id, execution.client_id, execution.order_id
            ),
            symbol=self.symbol,
            side=side,
            quantity=execution.quantity,
            price=execution.price,
            commission=self.commission or Decimal(0),
            at=execution.at,
        )


class Trades:
    """The trades of one account that are known."""

    def __init__(self) -> None:
        self._trades: dict[str, Trade] = {}
        self._early: dict[str, Decimal] = {}
        self._told_of: dict[str, int] = {}

    def ingest(self, execution: ToldExecution, symbol: str) -> Trade | None:
        """Take in an execution; return its trade when it is new, None otherwise."""
        key = trade_id(execution.execution_id)
        known = self._trades.get(key)
        if known is not None:
            self._correct(known, execution)
            return None
        if side_of(execution.side) is None or execution.quantity < 1:
            _log.error("an execution that is neither a buy nor a sale: %s", execution)
            return None
        trade = Trade(execution, symbol, self._early.pop(key, None))
        self._trades[key] = trade
        return trade

    def cost(self, told: ToldCommission) -> Trade | None:
        """Take in what an execution cost; return its trade, None when it isn't known yet."""
        key = trade_id(told.execution_id)
        trade = self._trades.get(key)
        if trade is None:
            self._early[key] = told.commission
            return None
        trade.commission = told.commission
        return trade

    def tell(self, trade: Trade) -> Fill:
        """Return the fill that is told now; it counts as told from now on."""
        fill = trade.fill()
        if not trade.told:
            trade.told = True
            self._told_of[fill.reference] = self._told_of.get(fill.reference, 0) + fill.quantity
        return fill

    def told_of(self, reference: str) -> int:
        """Return the shares of an order's that were told to have traded."""
        return self._told_of.get(reference, 0)

    def unpriced(self, execution_ids: Iterable[str]) -> bool:
        """Whether the commission of any of these executions is not known."""
        return any(trade.commission is None for trade in self._of(execution_ids))

    def fills(self, execution_ids: Iterable[str]) -> list[Fill]:
        """Return these executions as fills, in the order of their times."""
        found = [trade.fill() for trade in self._of(execution_ids)]
        return sorted(found, key=lambda fill: fill.at)

    def _of(self, execution_ids: Iterable[str]) -> list[Trade]:
        keys = {trade_id(each) for each in execution_ids}
        return [self._trades[key] for key in keys if key in self._trades]

    def _correct(self, known: Trade, execution: ToldExecution) -> None:
        before = known.execution
        if execution.execution_id <= before.execution_id:
            return
        if (execution.quantity, execution.price) != (before.quantity, before.price):
            _log.error(
                "IBKR corrected the execution %s of %s: %s at %s instead of %s at %s. What was "
                "told stays; compare with the statement.",
                before.execution_id,
                before.reference,
                execution.quantity,
                execution.price,
                before.quantity,
                before.price,
            )
        known.execution = replace(
            execution, quantity=before.quantity, price=before.price, at=before.at
        )
