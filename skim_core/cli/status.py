"""``status``: how the days of a session stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skim_core.cli.launch import calendar_of, open_journal
from skim_core.cli.output import echo, print_json, table
from skim_core.cli.owner import is_gone
from skim_core.cli.summary import Folded, described, fold
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.model import events as ev
from skim_core.model.session import Session
from skim_core.ports.journal import Journal

_HEALTHY = {"completed", "running"}


def show_status(strategy: str | None, wanted: Wanted) -> int:
    """Show the days of a session; return 1 when one has failed or was left alone, else 0.

    The session is the one asked for, or the latest that the journal knows a day of.
    """
    settings = wanted.settings()
    days: list[dict[str, Any]] = []
    folds: list[Folded] = []
    if settings.journal_path.exists():
        journal = open_journal(settings)
        try:
            for started in _starts(journal, strategy, wanted):
                folded = fold([record.event for record in journal.read(started.run_id)])
                folds.append(folded)
                days.append(_day(journal, started, folded))
        finally:
            journal.close()
    if wanted.as_json:
        print_json({"days": days})
    elif not days:
        session = calendar_of(settings).current_or_next(WallClock().now())
        echo(
            f"skim: no day was run yet; the next session of {settings.exchange} is {session.date}."
        )
    else:
        for day, folded in zip(days, folds, strict=True):
            _print_day(day, folded)
    return 0 if all(day["state"] in _HEALTHY for day in days) else 1


def _starts(journal: Journal, strategy: str | None, wanted: Wanted) -> list[ev.DayStarted]:
    starts = [
        summary.first
        for summary in journal.runs()
        if isinstance(summary.first, ev.DayStarted)
        and strategy in {None, summary.first.strategy}
        and wanted.exchange in {None, summary.first.session.exchange}
    ]
    date = wanted.date or max((started.session.date for started in starts), default=None)
    return [started for started in starts if started.session.date == date]


def _day(journal: Journal, started: ev.DayStarted, folded: Folded) -> dict[str, Any]:
    lease = journal.lease(started.run_id)
    alive = lease is not None and lease.expires_at > WallClock().now() and not is_gone(lease.owner)
    outcome = folded.state.outcome if folded.state else None
    state = outcome.value if outcome else "running" if alive else "interrupted"
    return {
        "run_id": started.run_id,
        "strategy": started.strategy,
        "account": started.account,
        "broker": started.broker,
        "state": state,
        "owner": lease.owner if lease is not None and alive and not outcome else None,
        **described(folded, started.session),
    }


def _print_day(day: dict[str, Any], folded: Folded) -> None:
    state = folded.state
    if state is None:
        return
    session = state.session
    owner = f" by {day['owner']}" if day["owner"] else ""
    echo(
        f"{day['strategy']} on {session.exchange} {session.date}, account {day['account']}, "
        f"broker {day['broker']}: {day['state']}{owner}"
    )
    if day["state"] == "interrupted":
        echo("  its process is gone: 'skim start_monitoring' goes on with it.")
    rows = [
        (
            phase.phase,
            phase.status.value,
            _local(session, phase.started_at),
            _local(session, phase.completed_at),
            phase.attempt or "",
            phase.retry_count or "",
            phase.error or "",
        )
        for phase in state.phases.values()
    ]
    table(("phase", "status", "last start", "ended", "runs", "retries", ""), rows)
    _print_trades(folded, session)


def _print_trades(folded: Folded, session: Session) -> None:
    rows: Sequence[Sequence[object]] = [
        (
            trade.symbol,
            trade.quantity,
            f"{trade.entry_price:f}",
            f"{trade.exit_price:f}",
            _local(session, trade.opened_at),
            _local(session, trade.at),
            f"{trade.profit:+,.2f}",
        )
        for trade in folded.trades
    ]
    if rows:
        table(("trade", "shares", "entry", "exit", "opened", "closed", "profit"), rows)
    live = sum(order.live for order in folded.book.orders.values())
    echo(
        f"{len(folded.book.candidates)} candidates, {len(folded.trades)} trades, "
        f"{len(folded.book.positions)} positions, {live} live orders, "
        f"profit {folded.profit:+,.2f} after costs"
    )


def _local(session: Session, moment: Any) -> str:
    return f"{session.local(moment):%H:%M:%S}" if moment else ""
