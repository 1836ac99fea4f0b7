"""What led to each trade of a day: its fills, the stop as it was moved, the opening range."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from skim_core.decide.explained import Explanation, PositionAccount
from skim_core.decide.explained_steps import Carried, Decided, Decision, Filled, Modified, Over
from skim_core.report.model import Execution, Range, StopLevel


@dataclass(frozen=True, slots=True)
class Led:
    """What led to a position so far; see `skim_core.report.model.TradeAccount`."""

    entry_reason: str = ""
    exit_detail: str = ""
    slippage: Decimal | None = None
    executions: tuple[Execution, ...] = ()
    stops: tuple[StopLevel, ...] = ()
    opening_range: Range | None = None


@dataclass(frozen=True, slots=True)
class _Fill:
    number: int
    decision: Decision
    step: Filled


def led_to_closed(explanation: Explanation, before: Mapping[str, Led]) -> list[Led]:
    """Return what led to each trade of the day, in the order in which they were closed.

    `before` has what led to the positions that were brought into the day, by symbol.
    """
    closed = [account for account in explanation.positions if account.closed_at is not None]
    in_order = sorted(closed, key=lambda account: account.records[-1])
    return [_led(account, explanation, before) for account in in_order]


def led_to_held(explanation: Explanation, before: Mapping[str, Led]) -> dict[str, Led]:
    """Return what led to each position that the day leaves open, by symbol."""
    return {
        account.symbol: _led(account, explanation, before)
        for account in explanation.positions
        if account.closed_at is None
    }


def _led(account: PositionAccount, explanation: Explanation, before: Mapping[str, Led]) -> Led:
    orders = [each for each in explanation.decisions if each.order.symbol == account.symbol]
    fills = _fills(account, orders)
    so_far = before.get(account.symbol, Led()) if account.carried else Led()
    slippages = [
        slippage
        for slippage in (so_far.slippage, *(fill.step.slippage for fill in fills))
        if slippage is not None
    ]
    ours = {fill.decision.reference for fill in fills}
    return Led(
        entry_reason=so_far.entry_reason or (_reason(fills[0].decision) if fills else ""),
        exit_detail=_exit_detail(fills, so_far),
        slippage=sum(slippages, Decimal(0)) if slippages else None,
        executions=(*so_far.executions, *(_execution(fill.step) for fill in fills)),
        stops=tuple(_joined([*so_far.stops, *_stop_levels(account, orders, ours)])),
        opening_range=so_far.opening_range or _range(account, explanation),
    )


def _fills(account: PositionAccount, orders: Iterable[Decision]) -> list[_Fill]:
    """Return the fills of a position in order: the one before it was opened, and those in it."""
    fills = sorted(
        (
            _Fill(step.records[0], decision, step)
            for decision in orders
            for step in decision.steps
            if isinstance(step, Filled)
        ),
        key=lambda fill: fill.number,
    )
    first = account.records[0] if account.records else 0
    last = account.records[-1] if account.closed_at is not None else float("inf")
    opening = [fill for fill in fills if fill.number < first][-1:]
    inside = [fill for fill in fills if first < fill.number < last]
    return inside if account.carried else [*opening, *inside]


def _reason(decision: Decision) -> str:
    first = decision.steps[0]
    return first.reason if isinstance(first, Decided) else ""


def _exit_detail(fills: Sequence[_Fill], so_far: Led) -> str:
    """Return why the position was left; a bracket's own stop and target have no reason of theirs."""
    if not fills:
        return ""
    entry, last = fills[0].decision, fills[-1].decision
    reason = _reason(last)
    of_the_entry = last.key == entry.key or reason == so_far.entry_reason
    return "" if of_the_entry else reason


def _execution(step: Filled) -> Execution:
    return Execution(at=step.at, side=step.side.value, quantity=step.quantity, price=step.price)


def _stop_levels(
    account: PositionAccount, orders: Iterable[Decision], ours: set[str]
) -> Iterator[StopLevel]:
    """Yield the levels at which stops of the position stood while it was held."""
    opened = account.opened_at
    for decision in orders:
        order = decision.order
        of_another = order.parent is not None and order.parent not in ours
        carried = isinstance(decision.steps[0], Carried)
        if order.purpose != "stop" or (of_another and not carried):
            continue
        ended = _ended(decision)
        if opened is not None and ended is not None and ended <= opened:
            continue
        for at, price in _levels(decision):
            if account.closed_at is None or at <= account.closed_at:
                yield StopLevel(at=max(at, opened) if opened else at, price=price)


def _levels(decision: Decision) -> Iterator[tuple[dt.datetime, Decimal]]:
    if decision.order.stop_price is not None:
        yield decision.steps[0].at, decision.order.stop_price
    for step in decision.steps:
        if isinstance(step, Modified) and step.to_stop_price is not None:
            yield step.at, step.to_stop_price


def _ended(decision: Decision) -> dt.datetime | None:
    last = decision.steps[-1]
    over = isinstance(last, Over) or (isinstance(last, Filled) and last.remaining == 0)
    return last.at if over else None


def _joined(levels: Sequence[StopLevel]) -> Iterator[StopLevel]:
    """Yield the levels in order, one for each instant, and none that changes nothing."""
    price: Decimal | None = None
    for _, same in groupby(sorted(levels, key=lambda level: level.at), key=lambda level: level.at):
        *_, level = same
        if level.price != price:
            yield level
        price = level.price


def _range(account: PositionAccount, explanation: Explanation) -> Range | None:
    found = [
        each
        for finding in explanation.findings
        for each in finding.ranges
        if each.symbol == account.symbol
        and (account.opened_at is None or finding.at <= account.opened_at)
    ]
    if not found or account.carried:
        return None
    latest = found[-1]
    return Range(high=latest.high, low=latest.low, start=latest.start, end=latest.end)
