"""What became of a day, as ``--json`` tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skim_core.cli.standing import Standing, fold
from skim_core.cli.words import concerns
from skim_core.decide.state import PhaseState
from skim_core.model.events import DayStarted, Event, PositionClosed
from skim_core.ports.engine import DayResult


def summary(result: DayResult, events: Sequence[Event]) -> dict[str, Any]:
    """Return a day that was run (or not), for `print_json`."""
    day = result.day
    return {
        "run_id": day.run_id,
        "strategy": day.strategy,
        "account": day.account,
        "session": day.session.model_dump(),
        "missed": bool(events) and isinstance(events[0], DayStarted) and events[0].missed,
        "end": result.end.value,
        "reason": result.reason,
        **described(fold(events)),
    }


def described(standing: Standing) -> dict[str, Any]:
    """Return how a day stands, for `print_json`; prices in quote currency."""
    state, book = standing.state, standing.book
    return {
        "phases": [_phase(phase) for phase in state.phases.values()] if state else [],
        "candidates": [found.model_dump() for found in book.candidates.values()],
        "trades": [_trade(trade) for trade in standing.trades],
        "profit": standing.profit,
        "positions": [held.model_dump() for held in book.positions.values()],
        "live_orders": [order.model_dump() for order in standing.live_orders],
        **concerns.described(standing),
    }


def _phase(phase: PhaseState) -> dict[str, Any]:
    return {
        "phase": phase.phase,
        "status": phase.status.value,
        "started_at": phase.started_at,
        "completed_at": phase.completed_at,
        "attempts": phase.attempt,
        "retries": phase.retry_count,
        "skip_reason": phase.skip_reason,
        "error": phase.error,
    }


def _trade(trade: PositionClosed) -> dict[str, Any]:
    return {
        "symbol": trade.symbol,
        "quantity": trade.quantity,
        "entry": trade.entry_price,
        "exit": trade.exit_price,
        "profit": trade.profit,
        "opened_at": trade.opened_at,
        "closed_at": trade.at,
    }
