"""What trading cost: commission, and slippage where the journal knows the price decided on."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from skim_core.decide.explained import Explanation
from skim_core.decide.explained_steps import Filled
from skim_core.replay.trades import Trade
from skim_core.report.model import Cost

_NOTHING = Decimal(0)


def cost_of(explanation: Explanation, trades: Iterable[Trade]) -> Cost:
    """Return the cost of one day: commission of its `trades`, slippage of all its fills."""
    told = list(trades)
    commission = sum((trade.commission for trade in told), _NOTHING)
    steps = [
        (decision.order.purpose == "stop", step)
        for decision in explanation.decisions
        for step in decision.steps
        if isinstance(step, Filled)
    ]
    measured = [(stop, step.slippage) for stop, step in steps if step.slippage is not None]
    return Cost(
        strategy=explanation.strategy,
        gross=sum((trade.profit for trade in told), _NOTHING) + commission,
        commission=commission,
        entry_slippage=sum((amount for stop, amount in measured if not stop), _NOTHING),
        stop_slippage=sum((amount for stop, amount in measured if stop), _NOTHING),
        fills=len(steps),
        measured=len(measured),
        shares=sum(step.quantity for _, step in steps),
        value=sum((step.quantity * step.price for _, step in steps), _NOTHING),
    )


def add_costs(costs: Iterable[Cost]) -> list[Cost]:
    """Add up the costs of each strategy, in the order in which they came."""
    added: dict[str, Cost] = {}
    for cost in costs:
        before = added.get(cost.strategy)
        added[cost.strategy] = cost if before is None else _sum(before, cost)
    return list(added.values())


def _sum(one: Cost, other: Cost) -> Cost:
    return Cost(
        strategy=one.strategy,
        gross=one.gross + other.gross,
        commission=one.commission + other.commission,
        entry_slippage=one.entry_slippage + other.entry_slippage,
        stop_slippage=one.stop_slippage + other.stop_slippage,
        fills=one.fills + other.fills,
        measured=one.measured + other.measured,
        shares=one.shares + other.shares,
        value=one.value + other.value,
    )
