"""What ib_async makes of a message, as plain facts. Pure."""

from __future__ import annotations

from ib_async import Contract, Execution, Order, OrderState

from skim_broker_ibkr.numbers import price, whole
from skim_broker_ibkr.told import Instrument, ToldExecution, ToldOrder


def instrument(contract: Contract) -> Instrument:
    """Return what a contract is."""
    return Instrument(
        con_id=contract.conId,
        symbol=contract.symbol,
        sec_type=contract.secType,
        currency=contract.currency,
        exchange=contract.primaryExchange or contract.exchange,
    )


def told_order(
    contract: Contract,
    order: Order,
    state: OrderState,
    *,
    order_id: int,
    completed: bool = False,
) -> ToldOrder:
    """Return an order as TWS has it."""
    kind = order.orderType
    return ToldOrder(
        perm_id=order.permId,
        client_id=0 if completed else order.clientId,
        order_id=order_id,
        reference=order.orderRef,
        account=order.account,
        instrument=instrument(contract),
        side=order.action,
        kind=kind,
        quantity=whole(order.totalQuantity),
        limit_price=price(order.lmtPrice) if kind in {"LMT", "STP LMT", "LOC"} else None,
        stop_price=price(order.auxPrice) if kind in {"STP", "STP LMT"} else None,
        status=state.status,
        parent_id=order.parentId,
        filled=whole(order.filledQuantity) if completed else None,
        completed=completed,
        reason=(state.completedStatus or "") if completed else (state.warningText or ""),
    )


def told_execution(contract: Contract, execution: Execution) -> ToldExecution | None:
    """Return a trade; None for one without a price, which none is."""
    paid = price(execution.price)
    if paid is None:
        return None
    return ToldExecution(
        execution_id=execution.execId,
        perm_id=execution.permId,
        client_id=execution.clientId,
        order_id=execution.orderId,
        reference=execution.orderRef,
        account=execution.acctNumber,
        instrument=instrument(contract),
        side=execution.side,
        quantity=whole(execution.shares),
        price=paid,
        at=execution.time,
    )
