"""``candidates``, ``positions``, ``orders``, ``trades``: what the journal holds, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from skim_core.cli.days.journaled import begun_days, fits, session_looked_at
from skim_core.cli.output import Toned, echo
from skim_core.cli.places import calendar_of, open_journal
from skim_core.cli.rows import Listing, Row, columns, of, toned
from skim_core.cli.standing import Standing, fold
from skim_core.cli.wanted import Wanted, parse_date
from skim_core.cli.words.phrases import asked_text, average_text, counted
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError
from skim_core.model.events import DayStarted
from skim_core.model.session import Session
from skim_core.ports.journal import Journal
from skim_core.replay.trades import COLUMNS


@dataclass(frozen=True)
class Span:
    """Which days trades are listed of, dates included; None: no bound."""

    strategy: str | None = None
    first: str | None = None
    last: str | None = None

    def dates(self) -> tuple[date, date]:
        """Return the first and the last date. Raises ConfigError."""
        first = parse_date(self.first, "--from") if self.first else date.min
        last = parse_date(self.last, "--to") if self.last else date.max
        if last < first:
            msg = f"--to {last} is before --from {first}: put the earlier date first."
            raise ConfigError(msg)
        return first, last


def list_candidates(strategy: str | None, wanted: Wanted, *, as_csv: bool) -> int:
    """List the candidates of a session's days, with the opening ranges that were measured."""
    looked = _look(strategy, wanted)
    rows = [
        {
            **_whose(day),
            **found.model_dump(),
            "range_high": ranges[symbol].high if symbol in ranges else None,
            "range_low": ranges[symbol].low if symbol in ranges else None,
        }
        for day, standing in looked.days
        for ranges in (standing.book.ranges,)
        for symbol, found in standing.book.candidates.items()
    ]
    return _CANDIDATES.show(rows, wanted, as_csv=as_csv, place=looked.place)


def list_positions(strategy: str | None, wanted: Wanted, *, as_csv: bool) -> int:
    """List what is held, with the stops that protect it."""
    looked = _look(strategy, wanted)
    rows = [
        {
            **_whose(day),
            **position.model_dump(),
            "opened_at": standing.book.holdings[symbol].opened_at,
            "stop": _stop(standing, symbol),
            "protected": symbol not in standing.book.bare,
        }
        for day, standing in looked.days
        for symbol, position in standing.book.positions.items()
    ]
    return _POSITIONS.show(rows, wanted, as_csv=as_csv, place=looked.place, session=looked.session)


def list_orders(strategy: str | None, wanted: Wanted, *, as_csv: bool) -> int:
    """List a session's orders, oldest first, as they stand."""
    looked = _look(strategy, wanted)
    rows = [
        {
            **_whose(day),
            **state.order.model_dump(),
            "stage": state.stage.value,
            "filled": state.filled,
            "average_price": state.average_price,
            "sent_at": state.sent_at,
            "changed_at": state.changed_at,
            "reason": state.reason,
        }
        for day, standing in looked.days
        for state in standing.book.orders.values()
    ]
    return _ORDERS.show(rows, wanted, as_csv=as_csv, place=looked.place, session=looked.session)


def list_trades(span: Span, wanted: Wanted, *, as_csv: bool) -> int:
    """List the trades that were closed in a span of sessions, with what they cost."""
    first, last = span.dates()
    settings = wanted.settings()
    rows: list[Row] = []
    if settings.journal_path.exists():
        with closing(open_journal(settings)) as journal:
            rows = [
                row for row in _trades(journal, span, wanted) if first <= row["session"] <= last
            ]
    rows.sort(key=lambda row: (row["exited_at"], row["strategy"], row["symbol"]))
    code = _TRADES.show(rows, wanted, as_csv=as_csv)
    if rows and not wanted.as_json and not as_csv:
        profit = sum((row["profit"] for row in rows), Decimal(0))
        fees = sum((row["commission"] for row in rows), Decimal(0))
        tone = "gain" if profit > 0 else "loss" if profit < 0 else ""
        echo(
            f"{counted(len(rows), 'trade')}, profit {profit:+,.2f} after {fees:,.2f} of fees", tone
        )
    return code


def _trades(journal: Journal, span: Span, wanted: Wanted) -> Iterator[Row]:
    from skim_core.calendar.exchanges import known_exchange
    from skim_core.report.telling import DaysTeller

    teller = DaysTeller()
    for day in begun_days(journal):
        if not fits(day, span.strategy, wanted):
            continue
        told = teller.tell(journal.read(day.run_id), known_exchange(day.session))
        for each in told.trades if told is not None else ():
            yield {"account": day.account, **each.trade.row(), "slippage": each.led.slippage}


@dataclass(frozen=True)
class _Looked:
    """The days of the session that was looked at, each with how it stands."""

    days: Sequence[tuple[DayStarted, Standing]] = ()
    place: str = "in the journal"
    session: Session | None = None


def _look(strategy: str | None, wanted: Wanted) -> _Looked:
    """Return the days of the session that is meant."""
    settings = wanted.settings()
    if not settings.journal_path.exists():
        return _Looked()
    with closing(open_journal(settings)) as journal:
        begun = begun_days(journal)
        session = session_looked_at(
            begun, calendar_of(settings), wanted.date, WallClock().now(), settings.exchange
        )
        if session is None:
            return _Looked(place=f"of {settings.exchange} {wanted.date}, a day off")
        days = [
            (day, fold(record.event for record in journal.read(day.run_id)))
            for day in begun
            if (day.session.exchange, day.session.date) == (session.exchange, session.date)
            and strategy in {None, day.strategy}
        ]
    place = f"of {session.exchange} {session.date:%A %Y-%m-%d}"
    if not wanted.date:
        place = f"{place}; --session DATE shows another's"
    return _Looked(days, place, session)


def _whose(day: DayStarted) -> dict[str, Any]:
    return {"strategy": day.strategy, "account": day.account, "session": day.session.date}


def _stop(standing: Standing, symbol: str) -> Decimal | None:
    stops = standing.book.stops(symbol)
    return stops[-1].order.stop_price if stops else None


def _protected(row: Row) -> object:
    return Toned("yes", "done") if row["protected"] else Toned("NO STOP", "error")


def _asked(row: Row) -> str:
    keys = ("side", "quantity", "symbol", "limit_price", "stop_price")
    return asked_text(*(row[key] for key in keys))


def _filled(row: Row) -> str | None:
    average = row["average_price"]
    return None if average is None else f"{row['filled']} at {average_text(average)}"


_WHOSE = ("strategy", "account", "session")

_CANDIDATES = Listing(
    "candidates",
    (
        *_WHOSE,
        *("symbol", "reason", "gap_percent", "open", "previous_close", "volume", "headline"),
        *("range_high", "range_low"),
    ),
    {
        **columns("strategy", "symbol"),
        "gap %": of("gap_percent", ".1f"),
        **columns("open", "previous_close"),
        "volume": of("volume", ","),
        **columns("range_high", "range_low", "reason", "headline"),
    },
)

_POSITIONS = Listing(
    "positions",
    (*_WHOSE, "symbol", "quantity", "average_price", "opened_at", "stop", "protected"),
    {
        **columns("strategy", "symbol", "quantity", "average_price"),
        "opened": of("opened_at"),
        "stop": of("stop"),
        "protected": _protected,
    },
)

_ORDERS = Listing(
    "orders",
    (
        *_WHOSE,
        *("reference", "symbol", "purpose", "side", "quantity", "type", "limit_price"),
        *("stop_price", "time_in_force", "stage", "filled", "average_price", "sent_at"),
        *("changed_at", "reason"),
    ),
    {
        "sent": of("sent_at"),
        **columns("strategy", "purpose"),
        "order": _asked,
        **columns("stage"),
        "filled": _filled,
        **columns("reference"),
    },
)

_TRADES = Listing(
    "trades",
    ("account", *COLUMNS, "slippage"),
    {
        **columns("session", "strategy", "symbol", "side", "quantity"),
        "entry": of("entry_price"),
        "exit": of("exit_price"),
        "reason": of("exit_reason"),
        "profit": toned("profit"),
        "R": of("r_multiple", ".2f"),
        "slippage": of("slippage", "+.2f"),
        "fees": of("commission", ".2f"),
    },
)
