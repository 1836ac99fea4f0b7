"""What a replay came to, in numbers."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any

from skim_core.model.session import Session
from skim_core.ports.engine import DayEnd
from skim_core.replay.notes import Note, gathered
from skim_core.replay.plan import Plan
from skim_core.replay.sessions import Left, Run
from skim_core.replay.sharpe import annual_sharpe
from skim_core.replay.trades import Trade

_RATIO = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Day:
    """One strategy's day of a replay, without its events."""

    date: dt.date
    strategy: str
    end: DayEnd
    reason: str
    halted: str

    @classmethod
    def of(cls, date: dt.date, run: Run) -> Day:
        """Return what is kept of a run."""
        return cls(date, run.strategy, run.end, run.reason, run.halted)


def summarize(
    plan: Plan,
    days: Sequence[Day],
    trades: Sequence[Trade],
    left: Left | None,
    notes: Sequence[Note] = (),
) -> dict[str, Any]:
    """Return a replay's summary: the whole account, then each strategy; for ``summary.json``.

    Money in the exchange's currency, exact; ratios to four places, None where they have no
    value (no trade, or none that lost). `drawdown` is the deepest fall of the profit so far,
    counted after each trade; `exposure` the part of the sessions' time in which anything was
    held; `best_day` and `worst_day` go by the sessions in which trades were closed.
    """
    by_strategy = {
        planned.name: figures(
            [trade for trade in trades if trade.strategy == planned.name],
            plan.sessions,
            _open_since(left, planned.name),
        )
        for planned in plan.strategies
    }
    everything = [moment for name in by_strategy for moment in _open_since(left, name)]
    return {
        "strategies": list(by_strategy),
        "exchange": plan.exchange,
        "first": plan.first,
        "last": plan.last,
        "capital": plan.capital,
        "sessions": len(plan.sessions),
        **figures(trades, plan.sessions, everything),
        "by_strategy": by_strategy,
        "open": _open(left),
        "failed": [
            {"date": day.date, "strategy": day.strategy, "end": day.end.value, "why": day.reason}
            for day in days
            if day.end is not DayEnd.COMPLETED
        ],
        "halted": [
            {"date": day.date, "strategy": day.strategy, "why": day.halted}
            for day in days
            if day.halted
        ],
        "left_out": [{"date": left_out.date, "why": left_out.why} for left_out in plan.left_out],
        "notes": gathered(notes),
    }


def figures(
    trades: Sequence[Trade], sessions: Sequence[Session], open_since: Iterable[dt.datetime] = ()
) -> dict[str, Any]:
    """Return the figures of some trades; `open_since` are the beginnings of what is held still."""
    in_order = sorted(trades, key=lambda trade: (trade.exited_at, trade.strategy, trade.symbol))
    profits = [trade.profit for trade in in_order]
    gained = sum((profit for profit in profits if profit > 0), Decimal(0))
    lost = -sum((profit for profit in profits if profit < 0), Decimal(0))
    multiples = [trade.r_multiple for trade in in_order if trade.r_multiple is not None]
    wins = sum(profit > 0 for profit in profits)
    daily: dict[dt.date, Decimal] = {}
    for trade in in_order:
        daily[trade.session] = daily.get(trade.session, Decimal(0)) + trade.profit
    each = [daily.get(session.date, Decimal(0)) for session in sessions]
    return {
        "trades": len(trades),
        "wins": wins,
        "win_rate": _ratio(Decimal(wins), Decimal(len(trades))),
        "profit": gained - lost,
        "profit_factor": _ratio(gained, lost),
        "average_r": _ratio(sum(multiples, Decimal(0)), Decimal(len(multiples))),
        "sharpe": annual_sharpe(each),
        "drawdown": drawdown(profits),
        "best_day": _day(daily, max),
        "worst_day": _day(daily, min),
        "exposure": _exposure(in_order, sessions, open_since),
        "commission": sum((trade.commission for trade in trades), Decimal(0)),
    }


def drawdown(profits: Iterable[Decimal]) -> Decimal:
    """Return the deepest fall of the running sum from its highest point so far, from 0 on.

    >>> drawdown([Decimal(5), Decimal(-3), Decimal(1), Decimal(-4)])
    Decimal('6')
    """
    peak = deepest = Decimal(0)
    for equity in accumulate(profits):
        peak = max(peak, equity)
        deepest = max(deepest, peak - equity)
    return deepest


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(_RATIO) if whole else None


def _day(daily: Mapping[dt.date, Decimal], choose: Any) -> dict[str, Any] | None:
    if not daily:
        return None
    date = choose(daily, key=lambda day: daily[day])
    return {"date": date, "profit": daily[date]}


def _open_since(left: Left | None, strategy: str) -> list[dt.datetime]:
    held = left.positions.get(strategy, {}) if left is not None else {}
    return [position.opened_at for position in held.values()]


def _open(left: Left | None) -> list[dict[str, Any]]:
    """Return what the account holds when the replay ends."""
    positions = left.opening.positions if left is not None else ()
    return [
        {"symbol": held.symbol, "quantity": held.quantity, "average_price": held.average_price}
        for held in positions
    ]


def _exposure(
    trades: Sequence[Trade], sessions: Sequence[Session], open_since: Iterable[dt.datetime]
) -> Decimal | None:
    spans = [(trade.entered_at, trade.exited_at) for trade in trades]
    spans += [(since, sessions[-1].close) for since in open_since]
    held = dt.timedelta(0)
    closes = [session.close for session in sessions]
    until = sessions[0].open
    for start, end in sorted(spans):
        for session in sessions[bisect_right(closes, max(start, until)) :]:
            if session.open >= end:
                break
            begin, stop = max(start, until, session.open), min(end, session.close)
            held += max(stop - begin, dt.timedelta(0))
        until = max(until, end)
    whole = sum((session.close - session.open for session in sessions), dt.timedelta(0))
    return _ratio(Decimal(held // _SECOND), Decimal(whole // _SECOND))


_SECOND = dt.timedelta(seconds=1)
