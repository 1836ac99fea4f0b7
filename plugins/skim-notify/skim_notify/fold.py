"""From events to notices: a fold that remembers what its notices need, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from skim_core import Candidate, Fill, OpeningRange, Order, Side, TradingDay
from skim_core import events as ev
from skim_notify.controls import halted, resumed
from skim_notify.notices import Field, Item, Kind, Notice, Tone

_SIGNS = {"AUD": "$", "USD": "$", "EUR": "€", "GBP": "£"}
_LONGEST_HEADLINE = 55


_Told: TypeAlias = Mapping[str, Any] | None


def _told(kind: Kind, tone: Tone, title: str, text: str, **more: Any) -> Mapping[str, Any]:
    return {"kind": kind, "tone": tone, "title": title, "text": text, **more}


def _failure(title: str, text: Callable[[Any], str], tone: Tone = Tone.BAD) -> Callable[..., Any]:
    return lambda _notices, _day, event: _told(Kind.FAILURES, tone, title, text(event))


@dataclass
class _Day:
    """What is remembered of a day."""

    candidates: dict[str, Candidate] = field(default_factory=dict)
    ranges: dict[str, OpeningRange] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    fills: defaultdict[str, list[Fill]] = field(default_factory=lambda: defaultdict(list))
    sides: dict[str, Side] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    trades: int = 0
    profit: Decimal = Decimal(0)


class Notices:
    """Turns the events of any number of days into notices. `currency` is the exchange's."""

    def __init__(self, currency: str) -> None:
        self._sign = _SIGNS.get(currency, "")
        self._unit = "" if self._sign else f" {currency}"
        self._days: dict[str, _Day] = {}

    def take(self, event: ev.Event, day: TradingDay) -> Notice | None:
        """Return what an event is worth telling; None for most."""
        teller = self._tellers.get(type(event))
        if teller is None:
            return None
        known = self._days.setdefault(day.run_id, _Day())
        told = teller(self, known, event)
        if isinstance(event, ev.DayFinished):
            self._days.pop(day.run_id)
        if told is None:
            return None
        session = day.session
        where = f"{day.strategy} · {session.exchange} {session.date} · {day.account}"
        return Notice(at=event.at, where=where, **told)

    def _money(self, amount: Decimal, places: int = 2) -> str:
        minus = "-" if amount < 0 else ""
        return f"{minus}{self._sign}{abs(amount):,.{places}f}{self._unit}"

    def _bound(self, price: Decimal) -> str:
        """Write a price with two decimal places, or as many more as it has: ticks are small."""
        return self._money(price, max(2, -int(price.normalize().as_tuple().exponent)))

    def _price(self, price: Decimal) -> str:
        return self._money(price, 4)

    # What is only remembered

    def _find(self, day: _Day, event: ev.CandidatesScanned) -> None:
        day.candidates.update((found.symbol, found) for found in event.candidates)

    def _track(self, day: _Day, event: ev.OpeningRangesTracked) -> None:
        day.ranges.update((found.symbol, found) for found in event.ranges)

    def _purge(self, day: _Day, event: ev.CandidatesPurged) -> None:
        for symbol in event.symbols or list(day.candidates):
            day.candidates.pop(symbol, None)
            day.ranges.pop(symbol, None)

    def _intend(self, day: _Day, event: ev.OrderIntended) -> None:
        day.orders[event.order.reference] = event.order

    def _open(self, day: _Day, event: ev.PositionOpened) -> None:
        day.sides[event.symbol] = event.side

    # What is told

    def _alert(self, day: _Day, event: ev.CandidatesAlerted) -> Mapping[str, Any]:
        if not event.alerts:
            return _told(
                Kind.CANDIDATES,
                Tone.WARNING,
                "Tradeable Candidates",
                "No tradeable candidates found",
            )
        count = len({alert.symbol for alert in event.alerts})
        items = tuple(self._candidate(day, alert.symbol, alert.text) for alert in event.alerts)
        return _told(
            Kind.CANDIDATES,
            Tone.GOOD,
            "Tradeable Candidates Ready",
            f"{count} tradeable candidate{'s' if count != 1 else ''}",
            listed="Candidates",
            items=items,
        )

    def _candidate(self, day: _Day, symbol: str, text: str) -> Item:
        found, measured = day.candidates.get(symbol), day.ranges.get(symbol)
        if found is None:
            return Item(symbol, text)
        gap = "N/A" if found.gap_percent is None else f"{found.gap_percent:.1f}%"
        high = self._bound(measured.high) if measured else "N/A"
        low = self._bound(measured.low) if measured else "N/A"
        headline = found.headline or found.reason
        if len(headline) > _LONGEST_HEADLINE:
            headline = headline[:_LONGEST_HEADLINE].rstrip() + "..."
        return Item(symbol, f"Gap: {gap} | ORH: {high} | ORL: {low}", headline)

    def _fill(self, day: _Day, event: ev.OrderFilled) -> Mapping[str, Any] | None:
        order = day.orders.get(event.fill.reference)
        day.fills[event.fill.reference].append(event.fill)
        # An exit is told with its profit, when the position is closed.
        if event.remaining or (order is not None and not _is_entry(order)):
            return None
        return self._filled(day.fills.pop(event.fill.reference))

    def _cancel(self, day: _Day, event: ev.OrderCancelled) -> Mapping[str, Any] | None:
        order, fills = day.orders.get(event.reference), day.fills.pop(event.reference, [])
        return self._filled(fills) if fills and order is not None and _is_entry(order) else None

    def _filled(self, fills: list[Fill]) -> Mapping[str, Any]:
        quantity = sum(fill.quantity for fill in fills)
        price = sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / quantity
        return self._trade(fills[0].side, fills[0].symbol, quantity, price)

    def _trade(
        self, side: Side, symbol: str, quantity: int, price: Decimal, *more: Field
    ) -> Mapping[str, Any]:
        action = side.value.upper()
        fields = (
            Field("Ticker", symbol),
            Field("Action", action),
            Field("Quantity", f"{quantity:,}"),
            Field("Price", self._price(price)),
            *more,
        )
        tone = Tone.GOOD if side is Side.BUY else Tone.BAD
        return _told(Kind.TRADES, tone, "Trade Executed", f"{action} {symbol}", fields=fields)

    def _close(self, day: _Day, event: ev.PositionClosed) -> Mapping[str, Any]:
        day.trades += 1
        day.profit += event.profit
        side = Side.BUY if day.sides.pop(event.symbol, None) is Side.SELL else Side.SELL
        return self._trade(
            side,
            event.symbol,
            event.quantity,
            event.exit_price,
            Field("Entry", self._price(event.entry_price)),
            Field("PnL", self._money(event.profit)),
        )

    def _stop(self, day: _Day, event: ev.StopHit) -> Mapping[str, Any] | None:
        # One that trades in parts is told with the first; what it made comes with the trade.
        if event.reference in day.stopped:
            return None
        day.stopped.add(event.reference)
        fields = (
            Field("Ticker", event.symbol),
            Field("Stop", self._price(event.stop_price)),
            Field("Fill", self._price(event.fill_price)),
        )
        return _told(Kind.STOPS, Tone.BAD, "Stop Hit", event.symbol, fields=fields)

    def _begin(self, _day: _Day, event: ev.DayStarted) -> Mapping[str, Any]:
        if event.missed:
            text = "Nobody started the day in time. What was open is looked after, nothing else."
            return _told(Kind.DEAD_MAN, Tone.BAD, "Day Missed", text)
        if event.disabled:
            text = "The strategy is disabled. What it has open is looked after, nothing else."
            return _told(Kind.DAYS, Tone.WARNING, "Day Started", text)
        text = f"{len(event.graph)} phases on {event.broker}"
        return _told(Kind.DAYS, Tone.PLAIN, "Day Started", text)

    def _resume(self, _day: _Day, event: ev.DayResumed) -> Mapping[str, Any] | None:
        if event.only is not None:
            return None
        again = f" It was in {', '.join(event.interrupted)}." if event.interrupted else ""
        text = f"The process that ran the day is gone; another goes on with it.{again}"
        return _told(Kind.DEAD_MAN, Tone.WARNING, "Day Taken Over", text)

    def _finish(self, day: _Day, event: ev.DayFinished) -> Mapping[str, Any]:
        if event.outcome is ev.Outcome.FAILED:
            return _told(Kind.FAILURES, Tone.BAD, "Day Failed", event.reason or "no reason given")
        fields = (Field("Trades", str(day.trades)), Field("PnL", self._money(day.profit)))
        return _told(Kind.DAYS, Tone.PLAIN, "Day Finished", event.reason or "done", fields=fields)

    def _skip(self, _day: _Day, event: ev.PhaseSkipped) -> Mapping[str, Any] | None:
        if event.reason is not ev.SkipReason.LATE:
            return None
        text = f"{event.phase}: {event.detail or 'it could not start in time'}"
        return _told(Kind.FAILURES, Tone.WARNING, "Phase Skipped", text)

    def _join(self, _day: _Day, event: ev.CandidatesJoined) -> Mapping[str, Any] | None:
        if not event.failed:
            return None
        text = "\n".join(f"{name}: {why}" for name, why in event.failed.items())
        return _told(Kind.FAILURES, Tone.WARNING, "Scanner Failed", text)

    def _connect(self, _day: _Day, event: ev.ConnectionChanged) -> Mapping[str, Any]:
        if event.up:
            return _told(Kind.FAILURES, Tone.GOOD, "Broker Connected", event.reason or "up again")
        text = f"{event.reason or 'The line is down.'}\nStops at the broker stand, nothing is sent."
        return _told(Kind.FAILURES, Tone.BAD, "Broker Disconnected", text)

    def _lapse(self, _day: _Day, event: ev.ProtectionLapsed) -> Mapping[str, Any]:
        text = f"{event.symbol} has no working stop: {event.reason}"
        return _told(Kind.FAILURES, Tone.BAD, "Protection Lapsed", text)

    def _restore(self, _day: _Day, event: ev.ProtectionRestored) -> Mapping[str, Any]:
        text = f"{event.symbol} has its stop again, or is flat."
        return _told(Kind.FAILURES, Tone.GOOD, "Protection Restored", text)

    def _reconcile(self, _day: _Day, event: ev.Reconciled) -> Mapping[str, Any] | None:
        if not event.differences:
            return None
        text = "\n".join(event.differences)
        return _told(Kind.FAILURES, Tone.WARNING, "Broker's Books Differ", text)

    def _halt(self, _day: _Day, event: ev.EntriesHalted) -> Mapping[str, Any]:
        text = halted(event.by, event.why, flatten=event.flatten)
        return _told(Kind.HALTS, Tone.BAD, "Entries Halted", text)

    def _allow(self, _day: _Day, event: ev.EntriesResumed) -> Mapping[str, Any]:
        text = resumed(event.by, event.why)
        return _told(Kind.HALTS, Tone.GOOD, "Entries Resumed", text)

    _tellers: ClassVar[dict[type[ev.Event], Callable[[Notices, _Day, Any], _Told]]] = {
        ev.DayStarted: _begin,
        ev.DayResumed: _resume,
        ev.DayFinished: _finish,
        ev.PhaseFailed: _failure("Phase Failed", lambda event: f"{event.phase}: {event.error}"),
        ev.PhaseSkipped: _skip,
        ev.CandidatesPurged: _purge,
        ev.CandidatesJoined: _join,
        ev.CandidatesScanned: _find,
        ev.OpeningRangesTracked: _track,
        ev.CandidatesAlerted: _alert,
        ev.OrderIntended: _intend,
        ev.OrderFilled: _fill,
        ev.OrderCancelled: _cancel,
        ev.OrderRejected: _failure(
            "Order Rejected", lambda event: f"{event.reference}: {event.reason}"
        ),
        ev.OrderUnknown: _failure(
            "Order Unknown",
            lambda event: f"{event.reference}: {event.finding}\nIts symbol is blocked: skim status",
        ),
        ev.StopHit: _stop,
        ev.PositionOpened: _open,
        ev.PositionClosed: _close,
        ev.ProtectionLapsed: _lapse,
        ev.ProtectionRestored: _restore,
        ev.EntriesHalted: _halt,
        ev.EntriesResumed: _allow,
        ev.ConnectionChanged: _connect,
        ev.Reconciled: _reconcile,
    }


def _is_entry(order: Order) -> bool:
    return order.purpose.partition("_")[0] == "entry"
