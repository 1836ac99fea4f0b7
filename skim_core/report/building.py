"""Builds the report of days that were told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from skim_core.model.session import Session
from skim_core.replay.summary import figures
from skim_core.replay.trades import Trade
from skim_core.report.costs import add_costs
from skim_core.report.curves import distribution, equity, exposure
from skim_core.report.incidents import left_out
from skim_core.report.lanes import add_totals
from skim_core.report.model import (
    Note,
    OpenPosition,
    Picture,
    Report,
    SessionResult,
    Subject,
    TradeAccount,
)
from skim_core.report.telling import ToldDay, ToldTrade


@dataclass(frozen=True, slots=True)
class Told:
    """All that a report is built of; `days` in their order, `left_out` dates with reasons."""

    subject: Subject
    sessions: Sequence[Session]
    days: Sequence[ToldDay]
    left_out: Sequence[tuple[dt.date, str]] = ()
    notes: Sequence[Note] = ()


def build(told: Told) -> Report:
    """Return the report, without pictures: what those show is asked of the market first."""
    accounts = _numbered(each for day in told.days for each in day.trades)
    trades = [account.trade for account in accounts]
    held = _held_at_the_end(told.days)
    strategies = told.subject.strategies
    return Report(
        subject=told.subject,
        figures=figures(trades, told.sessions, _open_since(held)),
        by_strategy={
            name: figures(
                [trade for trade in trades if trade.strategy == name],
                told.sessions,
                _open_since(each for each in held if each.strategy == name),
            )
            for name in strategies
        },
        sessions=tuple(_session_result(session, trades) for session in told.sessions),
        trades=tuple(accounts),
        pictures=(),
        equity=tuple(equity(trades)),
        exposure=tuple(exposure(trades, held)),
        multiples=tuple(distribution(t.r_multiple for t in trades if t.r_multiple is not None)),
        days=tuple(day.laned.day for day in told.days),
        phases=tuple(add_totals(total for day in told.days for total in day.laned.totals)),
        incidents=(
            *left_out(told.left_out),
            *(incident for day in told.days for incident in day.incidents),
        ),
        costs=tuple(add_costs(day.cost for day in told.days)),
        open=tuple(held),
        notes=tuple(told.notes),
    )


def with_pictures(report: Report, pictures: Iterable[Picture]) -> Report:
    """Return the report with `pictures` of its trades."""
    return replace(report, pictures=tuple(pictures))


def _numbered(told: Iterable[ToldTrade]) -> list[TradeAccount]:
    def by_exit(each: ToldTrade) -> tuple[dt.datetime, str, str]:
        return each.trade.exited_at, each.trade.strategy, each.trade.symbol

    return [
        TradeAccount(
            number=number,
            trade=each.trade,
            entry_reason=each.led.entry_reason,
            exit_detail=each.led.exit_detail,
            slippage=each.led.slippage,
            executions=each.led.executions,
            stops=each.led.stops,
            opening_range=each.led.opening_range,
        )
        for number, each in enumerate(sorted(told, key=by_exit), start=1)
    ]


def _held_at_the_end(days: Iterable[ToldDay]) -> list[OpenPosition]:
    latest = {day.begun.strategy: day.held for day in days}
    return [position for held in latest.values() for position in held]


def _open_since(held: Iterable[OpenPosition]) -> list[dt.datetime]:
    return [position.opened_at for position in held if position.opened_at is not None]


def _session_result(session: Session, trades: Iterable[Trade]) -> SessionResult:
    closed = [trade for trade in trades if trade.session == session.date]
    return SessionResult(
        date=session.date,
        open=session.open,
        close=session.close,
        half_day=session.half_day,
        trades=len(closed),
        profit=sum((trade.profit for trade in closed), Decimal(0)),
    )
