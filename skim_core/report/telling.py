"""Tells days one after another: of each only what a report needs is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from skim_core.decide.explained import Explanation
from skim_core.decide.explanation import explain
from skim_core.model import events as ev
from skim_core.model.exchange import Exchange
from skim_core.model.orders import Side
from skim_core.ports.journal import Record
from skim_core.replay.trades import Position, Trade, TradeFold
from skim_core.report.costs import cost_of
from skim_core.report.incidents import incidents
from skim_core.report.lanes import LanedDay, laned_day
from skim_core.report.model import Cost, Incident, OpenPosition
from skim_core.report.traded import Led, led_to_closed, led_to_held


@dataclass(frozen=True, slots=True)
class ToldTrade:
    """A trade, and what led to it."""

    trade: Trade
    led: Led


@dataclass(frozen=True, slots=True)
class ToldDay:
    """One strategy's day: its first event, and what came of it."""

    begun: ev.DayStarted
    laned: LanedDay
    trades: tuple[ToldTrade, ...]
    incidents: tuple[Incident, ...]
    cost: Cost
    held: tuple[OpenPosition, ...]


@dataclass(frozen=True, slots=True)
class _Brought:
    """What a strategy's day hands to its next: open positions, and what led to each so far."""

    positions: dict[str, Position] = field(default_factory=dict)
    led: dict[str, Led] = field(default_factory=dict)


class DaysTeller:
    """Tells days in their order; what a strategy held overnight goes on in its next day."""

    def __init__(self) -> None:
        self._brought: dict[tuple[str, str], _Brought] = {}

    def tell(self, records: Sequence[Record], exchange: Exchange | None = None) -> ToldDay | None:
        """Tell a day from its records; None when it never began.

        `exchange`: its rules, as `skim_core.decide.explanation.explain` takes them. Raises
        KeyError for events that don't fit together.
        """
        events = {record.sequence: record.event for record in records}
        explanation = explain(events.items(), exchange)
        begun = next((each for each in events.values() if isinstance(each, ev.DayStarted)), None)
        laned = laned_day(explanation, events)
        if begun is None or laned is None:
            return None
        key = begun.strategy, begun.account
        before = self._brought.get(key, _Brought())
        fold = TradeFold(begun.strategy, begun.session, dict(before.positions))
        trades = list(fold.trades(events.values()))
        led = led_to_closed(explanation, before.led)
        self._brought[key] = _Brought(fold.positions, led_to_held(explanation, before.led))
        return ToldDay(
            begun=begun,
            laned=laned,
            trades=tuple(map(ToldTrade, trades, led)),
            incidents=tuple(incidents(explanation)),
            cost=cost_of(explanation, trades),
            held=tuple(_held(explanation)),
        )


def _held(explanation: Explanation) -> list[OpenPosition]:
    return [
        OpenPosition(
            strategy=explanation.strategy,
            symbol=account.symbol,
            quantity=-account.quantity if account.side is Side.SELL else account.quantity,
            average_price=account.entry_price,
            opened_at=account.opened_at,
        )
        for account in explanation.positions
        if account.closed_at is None
    ]
