"""The report as JSON and as tables of CSV: all that the page tells, and what it leaves out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from skim_core.decide.explained import to_data
from skim_core.model.written import written
from skim_core.replay.trades import COLUMNS
from skim_core.report.model import (
    AttemptSpan,
    Bin,
    Cost,
    DayPhases,
    EquityPoint,
    Execution,
    ExposurePoint,
    Incident,
    Lane,
    Note,
    OpenPosition,
    PhaseTotals,
    Report,
    SessionResult,
    StopLevel,
    TickRun,
    TradeAccount,
)

KIND = "skim_report"
MARK = f'{{\n  "kind": "{KIND}"'
"""How every report as JSON begins."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_json(report: Report) -> str:
    """Return the report as one JSON document.

    Times in UTC (ISO 8601), money and prices exact numbers as text, durations such as ``1m``.
    """
    whole = {"kind": KIND, "format": 1, **to_data(report)}
    return json.dumps(whole, indent=2, default=written, allow_nan=False) + "\n"


def to_csv(report: Report) -> dict[str, str]:
    """Return the report's tables as CSV, by the names of their files.

    Tables about a trade have its `trade`, its number in ``trades.csv``. A text that a
    spreadsheet would take for a formula is preceded by an apostrophe.
    """
    return {f"{name}.csv": _csv(table) for name, table in _tables(report).items()}


TABLES = (
    "run",
    "figures",
    "sessions",
    "trades",
    "fills",
    "stops",
    "candles",
    "equity",
    "exposure",
    "multiples",
    "days",
    "lanes",
    "attempts",
    "ticks",
    "phases",
    "incidents",
    "costs",
    "open",
    "notes",
)
"""The names of the tables of `to_csv`, without ``.csv``."""


@dataclass(frozen=True, slots=True)
class _Table:
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


def _tables(report: Report) -> dict[str, _Table]:
    trades, days = report.trades, report.days
    by_day = [((day.run_id,), lane) for day in days for lane in day.lanes]
    by_lane = [((run_id, lane.phase), lane) for (run_id,), lane in by_day]
    found = (
        _Table(("what", "value"), _run(report)),
        _Table(("strategy", "figure", "value"), _figures(report)),
        _parts(SessionResult, (((), each) for each in report.sessions)),
        _trades(trades),
        _parts(Execution, (((t.number,), e) for t in trades for e in t.executions), ("trade",)),
        _parts(StopLevel, (((t.number,), each) for t in trades for each in t.stops), ("trade",)),
        _Table(("trade", "minutes", "start", *_BAR), _candles(report)),
        _parts(EquityPoint, (((), each) for each in report.equity)),
        _parts(ExposurePoint, (((), each) for each in report.exposure)),
        _parts(Bin, (((), each) for each in report.multiples)),
        _parts(DayPhases, (((), each) for each in days)),
        _parts(Lane, by_day, ("run_id",)),
        _parts(
            AttemptSpan,
            ((key, each) for key, lane in by_lane for each in lane.attempts),
            ("run_id", "phase"),
        ),
        _parts(
            TickRun,
            ((key, each) for key, lane in by_lane for each in lane.ticks),
            ("run_id", "phase"),
        ),
        _parts(PhaseTotals, (((), each) for each in report.phases)),
        _parts(Incident, (((), each) for each in report.incidents)),
        _parts(Cost, (((), each) for each in report.costs)),
        _parts(OpenPosition, (((), each) for each in report.open)),
        _parts(Note, (((), each) for each in report.notes)),
    )
    return dict(zip(TABLES, found, strict=True))


_BAR = ("open", "high", "low", "close", "volume")


def _parts(
    kind: type, parts: Iterable[tuple[tuple[Any, ...], Any]], key: tuple[str, ...] = ()
) -> _Table:
    """Return a table of parts of the report: the key, then those fields that are single values."""
    names = [each.name for each in fields(kind) if not str(each.type).startswith("tuple")]
    return _Table(
        (*key, *names), ([*own, *(getattr(part, name) for name in names)] for own, part in parts)
    )


def _run(report: Report) -> Iterator[tuple[str, Any]]:
    subject = to_data(report.subject)
    yield "strategies", " ".join(report.subject.strategies)
    for name, value in subject.items():
        if not isinstance(value, dict | list):
            yield name, value
    for name, value in report.subject.versions.items():
        yield f"version {name}", value
    for strategy, settings in report.subject.settings.items():
        for name, value in settings.items():
            yield f"{strategy}.{name}", value


def _figures(report: Report) -> Iterator[tuple[str, str, Any]]:
    for strategy, figures in [("", report.figures), *report.by_strategy.items()]:
        for name, value in figures.items():
            if isinstance(value, Mapping):
                for part, inner in value.items():
                    yield strategy, f"{name} {part}", inner
            else:
                yield strategy, name, value


def _trades(accounts: Iterable[TradeAccount]) -> _Table:
    names = ("slippage", "last_stop", "range_high", "range_low", "entry_reason", "exit_detail")
    return _Table(
        ("trade", *COLUMNS, *names),
        (
            [
                account.number,
                *account.trade.row().values(),
                account.slippage,
                account.stops[-1].price if account.stops else None,
                account.opening_range.high if account.opening_range else None,
                account.opening_range.low if account.opening_range else None,
                account.entry_reason,
                account.exit_detail,
            ]
            for account in accounts
        ),
    )


def _candles(report: Report) -> Iterator[Sequence[Any]]:
    for shown in report.pictures:
        if shown.candles is not None:
            columns = [getattr(shown.candles, name) for name in _BAR]
            for start, *bar in zip(shown.candles.starts, *columns, strict=True):
                yield shown.number, shown.candles.minutes, start, *bar


def _csv(table: _Table) -> str:
    text = io.StringIO(newline="")
    written = csv.writer(text, lineterminator="\n")
    written.writerow(table.columns)
    written.writerows([_cell(value) for value in row] for row in table.rows)
    return text.getvalue()


def _cell(value: Any) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, list | dict):
        return json.dumps(value, default=written)
    return written(value)
