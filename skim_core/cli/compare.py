"""``compare``: what is different between two replays, trade by trade."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skim_core.cli.output import Toned, echo, local_time, print_json, table
from skim_core.exits import ExitCode

if TYPE_CHECKING:
    from skim_core.model.session import Session
    from skim_core.replay.comparison import Comparison, Figure, Pair
    from skim_core.replay.plan import Plan
    from skim_core.replay.trades import Trade

SHOWN = 20
"""Trades that are shown unless all are asked for."""

_TOLD = frozenset({"entered_at", "entry_price", "exited_at", "exit_price", "exit_reason"})
"""Columns that are told as one entry and one exit."""

_FOLLOWING = frozenset({"profit", "commission", "r_multiple", "session"})
"""Columns that follow from the others; told only where they alone differ."""

_PARTS = ("win_rate", "exposure")
_PLAIN = ("trades", "wins")


@dataclass(frozen=True)
class Compared:
    """What ``skim compare`` was asked for."""

    a: Path
    b: Path
    show_all: bool = False
    as_json: bool = False


def compare_replays(asked: Compared) -> int:
    """Show what is different between two replays; return ExitCode.FAILED if any trade is."""
    from skim_core.replay.comparison import compare
    from skim_core.replay.reading import read_replay

    a, b = read_replay(asked.a), read_replay(asked.b)
    found = compare(a, b)
    if asked.as_json:
        print_json({"a": asked.a.absolute(), "b": asked.b.absolute(), **_document(found)})
    else:
        echo(f"A: {asked.a}\nB: {asked.b}", "aside")
        _show_plans(found)
        _show_figures(found.figures)
        _show_trades(found, _sessions(a.plan, b.plan), most=None if asked.show_all else SHOWN)
    return ExitCode.DONE if found.same_trades else ExitCode.FAILED


def _document(found: Comparison) -> dict[str, Any]:
    return {
        "same_trades": found.same_trades,
        "unchanged": found.unchanged,
        "only_a": [trade.row() for trade in found.only_a],
        "only_b": [trade.row() for trade in found.only_b],
        "changed": [
            {
                "a": pair.trade.row(),
                "b": pair.b.row() if pair.b else None,
                "columns": [difference.name for difference in pair.differences],
                "profit_difference": pair.profit,
            }
            for pair in found.changed
        ],
        "figures": {
            figure.name: {"a": figure.a, "b": figure.b, "difference": figure.difference}
            for figure in found.figures
        },
        "plans": {
            difference.name: {"a": difference.a, "b": difference.b} for difference in found.plans
        },
        "sessions_only_a": found.sessions_only_a,
        "sessions_only_b": found.sessions_only_b,
    }


def _show_plans(found: Comparison) -> None:
    if found.plans:
        rows = [(part.name, _plain(part.a), _plain(part.b)) for part in found.plans]
        table(("made of", "A", "B"), rows)
    for name, dates in (("A", found.sessions_only_a), ("B", found.sessions_only_b)):
        if dates:
            span = f"{dates[0]} to {dates[-1]}" if len(dates) > 1 else f"{dates[0]}"
            echo(f"only {name} replayed {_counted(len(dates), 'session')}: {span}", "warning")
    if not (found.plans or found.sessions_only_a or found.sessions_only_b):
        echo("both were made of the same: settings, versions, market, sessions")


def _show_figures(figures: Iterable[Figure]) -> None:
    rows = [
        (
            figure.name.replace("_", " "),
            _figure(figure.name, figure.a),
            _figure(figure.name, figure.b),
            _difference(figure),
        )
        for figure in figures
    ]
    table(("figure", "A", "B", "difference"), rows)


def _show_trades(found: Comparison, sessions: dict[dt.date, Session], most: int | None) -> None:
    from skim_core.replay.comparison import Pair

    pairs = [
        *(Pair(trade, None) for trade in found.only_a),
        *(Pair(None, trade) for trade in found.only_b),
        *found.changed,
    ]
    counts = (
        f"{_counted(found.unchanged, 'trade')} unchanged, {len(found.changed)} changed, "
        f"{len(found.only_a)} only in A, {len(found.only_b)} only in B"
    )
    echo(counts, "" if pairs else "done")
    if not pairs:
        return
    # The widest differences first: what a limited table must not leave out.
    pairs.sort(key=lambda pair: abs(pair.profit), reverse=True)
    several = len({pair.trade.strategy for pair in pairs}) > 1
    rows = [_row(pair, sessions, several=several) for pair in pairs[:most]]
    strategy = ("strategy",) if several else ()
    table(("", "session", *strategy, "symbol", "what", "A", "B", "difference"), rows)
    if most is not None and len(pairs) > most:
        echo(f"{len(pairs) - most} more, with smaller differences: --all shows them", "aside")


def _row(pair: Pair, sessions: dict[dt.date, Session], *, several: bool) -> list[object]:
    trade = pair.trade
    where = "changed" if pair.a and pair.b else "only A" if pair.a else "only B"
    told = (
        "; ".join(_changes(pair, sessions[trade.session]))
        if pair.differences
        else _whole(trade, sessions[trade.session])
    )
    return [
        where,
        trade.session,
        *([trade.strategy] if several else []),
        trade.symbol,
        told,
        _money(pair.a.profit) if pair.a else None,
        _money(pair.b.profit) if pair.b else None,
        _toned(pair.profit),
    ]


def _whole(trade: Trade, session: Session) -> str:
    return f"{trade.side} {trade.quantity}, {_entry(trade, session)}, {_exit(trade, session)}"


def _entry(trade: Trade, session: Session) -> str:
    return f"in {local_time(session, trade.entered_at)} at {trade.entry_price:f}"


def _exit(trade: Trade, session: Session) -> str:
    at = local_time(session, trade.exited_at)
    return f"out {at} at {trade.exit_price:f} ({trade.exit_reason})"


def _changes(pair: Pair, session: Session) -> Iterator[str]:
    assert pair.a is not None
    assert pair.b is not None
    for told in (_entry, _exit):
        a, b = told(pair.a, session), told(pair.b, session)
        if a != b:
            yield f"{a} → {b.partition(' ')[2]}"
    shown = [part for part in pair.differences if part.name not in _TOLD | _FOLLOWING]
    for part in shown or [part for part in pair.differences if part.name not in _TOLD]:
        a, b = _value(part.a, session), _value(part.b, session)
        yield f"{part.name.replace('_', ' ')} {a} → {b}"


def _value(value: Any, session: Session) -> str:
    if isinstance(value, dt.datetime):
        return local_time(session, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "-" if value is None else str(value)


def _sessions(*plans: Plan) -> dict[dt.date, Session]:
    return {session.date: session for plan in plans for session in plan.sessions}


def _figure(name: str, value: Decimal | None) -> str | None:
    if value is None:
        return None
    if name in _PLAIN:
        return f"{value:f}"
    return f"{value:.1%}" if name in _PARTS else _money(value)


def _difference(figure: Figure) -> Toned | None:
    if figure.difference is None:
        return None
    text = _figure(figure.name, figure.difference) or ""
    if figure.name == "profit":
        return _toned(figure.difference)
    return Toned(f"+{text}" if figure.difference > 0 else text, "")


def _toned(amount: Decimal) -> Toned:
    tone = "gain" if amount > 0 else "loss" if amount < 0 else ""
    return Toned(f"{amount:+,.2f}" if amount else "0.00", tone)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
