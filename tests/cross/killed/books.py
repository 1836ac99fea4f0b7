"""What another client of the gateway sees of the account: the truth that survives every kill."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import ib_async

PATIENCE = 300.0
"""Seconds after which a gateway hangs: far more than any takes on a busy machine."""


@dataclass(frozen=True)
class Books:
    """The account: shares held, being bought and sold by open stops, by symbol; trades by order."""

    held: Mapping[str, int]
    coming: Mapping[str, int]
    stopped: Mapping[str, int]
    open_orders: int
    bought: Mapping[str, int]
    sold: Mapping[str, int]
    orders_of: Mapping[str, frozenset[int]]
    """The broker's ids of the orders that carry each reference."""
    traded: Mapping[str, int]
    """Shares, by reference."""


async def _look(port: int, client_id: int) -> Books:
    ib = ib_async.IB()
    ib.RequestTimeout = PATIENCE
    await ib.connectAsync("127.0.0.1", port, clientId=client_id, timeout=PATIENCE)
    try:
        resting = await ib.reqAllOpenOrdersAsync()
        done = await ib.reqCompletedOrdersAsync(False)  # noqa: FBT003  of all clients
        fills = await ib.reqExecutionsAsync()
        positions = await ib.reqPositionsAsync()
    finally:
        ib.disconnect()
    coming, stopped = Counter[str](), Counter[str]()
    for trade in resting:
        if trade.order.action == "BUY":
            coming[trade.contract.symbol] += int(trade.orderStatus.remaining)
        elif trade.order.orderType == "STP":
            stopped[trade.contract.symbol] += int(trade.orderStatus.remaining)
    bought, sold, traded = Counter[str](), Counter[str](), Counter[str]()
    orders_of: defaultdict[str, set[int]] = defaultdict(set)
    for fill in fills:
        shares = int(fill.execution.shares)
        (bought if fill.execution.side == "BOT" else sold)[fill.contract.symbol] += shares
        traded[fill.execution.orderRef] += shares
        orders_of[fill.execution.orderRef].add(fill.execution.permId)
    for trade in (*resting, *done):
        orders_of[trade.order.orderRef].add(trade.order.permId)
    return Books(
        held={one.contract.symbol: int(one.position) for one in positions if one.position},
        coming=coming,
        stopped=stopped,
        open_orders=len(resting),
        bought=bought,
        sold=sold,
        orders_of={ref: frozenset(ids) for ref, ids in orders_of.items()},
        traded=traded,
    )


def look(port: int, client_id: int = 77) -> Books:
    """Return the account's books."""
    return asyncio.run(_look(port, client_id))
