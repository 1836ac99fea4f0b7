"""What a report is made of.

Prices in quote currency, quantities in shares, money in the exchange's currency, times UTC;
`None` where a number has no value. A report holds all that it tells: the page may show less of
it (and says so), JSON and CSV are whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from skim_core.replay.trades import Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was run. `kind`: replay or day; `market` says in words where prices came from.

    `data` is the folder of recorded bars, `data_digest` a replay's digest of what was read of
    it; both None for any other market. `charged` says in words what the simulated exchange
    charges and how much worse it fills, None for any other broker. `settings` has each strategy's configuration, without secrets. `digest` is a replay's.
    `capital` is what a session begins with, None when the journal does not tell.
    """

    kind: str
    name: str
    strategies: tuple[str, ...]
    exchange: str
    currency: str | None
    account: str
    timezone: str
    first: dt.date
    last: dt.date
    broker: str
    market: str
    data: str | None
    data_digest: str | None
    charged: str | None
    capital: Decimal | None
    versions: Mapping[str, str]
    settings: Mapping[str, Mapping[str, Any]]
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResult:
    """One session: what the trades that were closed in it made."""

    date: dt.date
    open: dt.datetime
    close: dt.datetime
    half_day: bool
    trades: int
    profit: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A fill: when, which way, how much, at what price."""

    at: dt.datetime
    side: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLevel:
    """The stop stood at `price` from `at` until the next level, or until the trade's end."""

    at: dt.datetime
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The opening range that was measured in the session of the entry."""

    high: Decimal
    low: Decimal
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeAccount:
    """A trade with what led to it; `number` counts from 1 in the order of the exits.

    `slippage` is what its fills cost more than the price that was decided on (a stop's: than
    its stop price), of the fills for which such a price is known.
    """

    number: int
    trade: Trade
    entry_reason: str
    exit_detail: str
    slippage: Decimal | None
    executions: tuple[Execution, ...]
    stops: tuple[StopLevel, ...]
    opening_range: Range | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candles:
    """The bars around a trade, `minutes` each: a column for each number.

    A bar without a trade has None for its prices. `sessions` names the first bar of each
    session in them.
    """

    minutes: int
    starts: tuple[dt.datetime, ...]
    open: tuple[float | None, ...]
    high: tuple[float | None, ...]
    low: tuple[float | None, ...]
    close: tuple[float | None, ...]
    volume: tuple[float, ...]
    sessions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The picture of the trade with this number.

    `groups` says why it was chosen: all, best, worst, latest. `missing` says why there are no
    `candles`.
    """

    number: int
    groups: tuple[str, ...]
    candles: Candles | None
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPoint:
    """After a trade, at its exit: the profit so far, and how far that is below its peak."""

    at: dt.datetime
    profit: Decimal
    drawdown: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposurePoint:
    """From `at` on: how many positions were held, and what they were bought (sold) for."""

    at: dt.datetime
    positions: int
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """R multiples from `start` up to but not including `end`: how many trades had one."""

    start: Decimal
    end: Decimal
    trades: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSpan:
    """One attempt of a phase, or a tick that did not succeed.

    `ending`: running, done, failed or interrupted.
    """

    number: int
    start: dt.datetime
    end: dt.datetime | None
    ending: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRun:
    """`count` ticks that succeeded, `every` so often from `first` to `last`."""

    first: dt.datetime
    last: dt.datetime
    every: dt.timedelta
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One phase of a day. `status`: pending, running, completed, failed or skipped.

    `detail` says why it was skipped, failed or completed early, when anything does.
    """

    phase: str
    status: str
    window_start: dt.datetime | None
    window_end: dt.datetime | None
    every: dt.timedelta | None
    attempts: tuple[AttemptSpan, ...]
    ticks: tuple[TickRun, ...]
    skip_reason: str | None
    detail: str
    shared_from: str | None
    ended_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPhases:
    """The phases of one strategy's day; `outcome`: completed, failed or unfinished."""

    run_id: str
    strategy: str
    date: dt.date
    open: dt.datetime
    close: dt.datetime
    timezone: str
    began_at: dt.datetime
    ended_at: dt.datetime
    outcome: str
    reason: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTotals:
    """One phase over all days: how its days ended, and how it ran."""

    strategy: str
    phase: str
    days: int
    completed: int
    failed: int
    skipped: int
    retries: int
    ticks: int
    longest: dt.timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that did not come about, or went wrong, and why.

    `kind` is a key of `skim_core.report.incidents.KINDS`, `what` names what it is about (a
    limit, a phase), `symbol` is empty when it is about none.
    """

    date: dt.date
    at: dt.datetime | None
    strategy: str
    kind: str
    what: str
    symbol: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What trading cost one strategy.

    `fills` and `shares` are all that traded, `value` what that was worth. Slippage is of the
    `measured` fills, those for which the price that was decided on is known: `entry_slippage`
    against the last price, `stop_slippage` against the stop price.
    """

    strategy: str
    gross: Decimal
    commission: Decimal
    entry_slippage: Decimal
    stop_slippage: Decimal
    fills: int
    measured: int
    shares: int
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosition:
    """What was still held at the end, signed: a short position has a negative `quantity`."""

    strategy: str
    symbol: str
    quantity: int
    average_price: Decimal
    opened_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A finding about the data: a split, missing minutes, a thin stock."""

    date: dt.date | None
    symbol: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: what was run, what came of it, and why.

    `figures` and each of `by_strategy` are those of `skim_core.replay.summary.figures`.
    """

    subject: Subject
    figures: Mapping[str, Any]
    by_strategy: Mapping[str, Mapping[str, Any]]
    sessions: tuple[SessionResult, ...]
    trades: tuple[TradeAccount, ...]
    pictures: tuple[Picture, ...]
    equity: tuple[EquityPoint, ...]
    exposure: tuple[ExposurePoint, ...]
    multiples: tuple[Bin, ...]
    days: tuple[DayPhases, ...]
    phases: tuple[PhaseTotals, ...]
    incidents: tuple[Incident, ...]
    costs: tuple[Cost, ...]
    open: tuple[OpenPosition, ...]
    notes: tuple[Note, ...]
