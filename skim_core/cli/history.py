"""``candidates``, ``positions``, ``orders``, ``trades``: what the journal holds, row by row."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from skim_core.cli.days.journaled import begun_days, fits, session_looked_at
from skim_core.cli.output import Toned, as_text, echo, print_json, table
from skim_core.cli.places import calendar_of, open_journal
from skim_core.cli.standing import Standing, fold
from skim_core.cli.wanted import Wanted, parse_date
from skim_core.cli.words.phrases import counted
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.model.events import DayStarted
from skim_core.ports.journal import Journal
from skim_core.replay.trades import COLUMNS

Row = Mapping[str, Any]


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


@dataclass(frozen=True)
class Listing:
    """A list as it is shown: each column of the table with the key of its value in a row.

    All that is in a row goes to JSON and CSV; `columns` are the keys of the latter.
    """

    name: str
    columns: tuple[str, ...]
    shown: Mapping[str, Callable[[Row], object]]

    def show(
        self, rows: Sequence[Row], wanted: Wanted, *, as_csv: bool, place: str = "in the journal"
    ) -> int:
        """Print the rows as they were asked for; return the exit code.

        `place` is where they were looked for, said when there is none.
        """
        if wanted.as_json and as_csv:
            msg = "--json and --csv are two forms: choose one."
            raise ConfigError(msg)
        if wanted.as_json:
            print_json({self.name: rows})
        elif as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows([as_text(row[column]) for column in self.columns] for row in rows)
        elif not rows:
            echo(f"skim: no {self.name} {place}.")
        else:
            cells = [[cell(row) for cell in self.shown.values()] for row in rows]
            table(tuple(self.shown), cells)
        return ExitCode.DONE


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
    return _POSITIONS.show(rows, wanted, as_csv=as_csv, place=looked.place)


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
    return _ORDERS.show(rows, wanted, as_csv=as_csv, place=looked.place)


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
    return _Looked(days, place if wanted.date else f"{place}; --session DATE shows another's")


def _whose(day: DayStarted) -> dict[str, Any]:
    return {"strategy": day.strategy, "account": day.account, "session": day.session.date}


def _stop(standing: Standing, symbol: str) -> Decimal | None:
    stops = standing.book.stops(symbol)
    return stops[-1].order.stop_price if stops else None


def _of(key: str, form: str = "") -> Callable[[Row], object]:
    def cell(row: Row) -> object:
        value = row[key]
        return None if value is None else format(value, form)

    return cell


def _toned(key: str) -> Callable[[Row], object]:
    def cell(row: Row) -> object:
        value = row[key]
        return Toned(f"{value:+,.2f}", "gain" if value > 0 else "loss" if value < 0 else "")

    return cell


def _columns(*keys: str) -> Mapping[str, Callable[[Row], object]]:
    return {key.replace("_", " "): _of(key) for key in keys}


def _protected(row: Row) -> object:
    return Toned("yes", "done") if row["protected"] else Toned("NO STOP", "error")


def _time(key: str) -> Callable[[Row], object]:
    return lambda row: None if row[key] is None else f"{row[key]:%Y-%m-%d %H:%M:%S}"


_WHOSE = ("strategy", "account", "session")

_CANDIDATES = Listing(
    "candidates",
    (
        *_WHOSE,
        *("symbol", "reason", "gap_percent", "open", "previous_close", "volume", "headline"),
        *("range_high", "range_low"),
    ),
    {
        **_columns("strategy", "symbol"),
        "gap %": _of("gap_percent", ".1f"),
        **_columns("open", "previous_close"),
        "volume": _of("volume", ","),
        **_columns("range_high", "range_low", "reason", "headline"),
    },
)

_POSITIONS = Listing(
    "positions",
    (*_WHOSE, "symbol", "quantity", "average_price", "opened_at", "stop", "protected"),
    {
        **_columns("strategy", "symbol", "quantity", "average_price"),
        "opened, UTC": _time("opened_at"),
        "stop": _of("stop"),
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
        "sent, UTC": _time("sent_at"),
        **_columns("strategy", "symbol", "purpose", "side", "quantity", "type"),
        "limit": _of("limit_price"),
        "stop": _of("stop_price"),
        **_columns("stage", "filled"),
        "average": _of("average_price", ".4f"),
        **_columns("reference"),
    },
)

_TRADES = Listing(
    "trades",
    ("account", *COLUMNS, "slippage"),
    {
        **_columns("session", "strategy", "symbol", "side", "quantity"),
        "entry": _of("entry_price"),
        "exit": _of("exit_price"),
        "reason": _of("exit_reason"),
        "profit": _toned("profit"),
        "R": _of("r_multiple", ".2f"),
        "slippage": _of("slippage", "+.2f"),
        "fees": _of("commission", ".2f"),
    },
)
