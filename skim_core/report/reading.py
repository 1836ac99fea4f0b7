"""Reads what a report is made of: a replay's folder, days of a journal, and their bars."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skim_core.calendar.exchanges import known_exchange, load_exchange
from skim_core.errors import ConfigError, DataError, JournalError, SkimError
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import DayStarted, PositionCarried
from skim_core.model.session import Session
from skim_core.ports.journal import Journal, Record
from skim_core.replay import folder as files
from skim_core.replay.plan import Plan
from skim_core.replay.sessions import feed_of
from skim_core.report.building import Told, build, with_pictures
from skim_core.report.model import Note, Picture, Report, Subject
from skim_core.report.pictures import candles, chosen, spanned
from skim_core.report.telling import DaysTeller, ToldDay
from skim_core.sim.data import Feed
from skim_core.sim.feeds import make_feed
from skim_core.sim.options import SimOptions, read_options

_SUMMARY = "summary.json"
_KEPT = 12
"""Sessions whose bars are kept: a picture shows ten at most."""


@dataclass(frozen=True, slots=True)
class _Market:
    """Where bars come from; without a `feed`, `missing` says why there are none."""

    feed: Feed | None
    missing: str = ""


def report_replay(folder: Path, pictures: int, remembered_in: Path | None = None) -> Report:
    """Return the report of the replay in `folder`, with pictures of its trades.

    `pictures`: how many of the best, of the worst and of the latest trades are shown;
    `remembered_in` is the folder that remembers which recorded files are sound. Raises
    ConfigError when it is no replay's folder, DataError and JournalError for a damaged one.
    """
    plan = files.read_plan(folder)
    notes = _notes(folder / _SUMMARY)
    path = folder / files.JOURNAL
    if not path.is_file():
        msg = (
            f"{folder} has no {files.JOURNAL}, of which a report is made: replay anew with 'skim "
            "replay'; a sweep keeps journals with --keep."
        )
        raise DataError(msg)
    with closing(SqliteJournal.open(path)) as journal:
        runs = [run.run_id for run in journal.runs()]
        days = _tell(journal, runs, path)
    left_out = [(left_out.date, left_out.why) for left_out in plan.left_out]
    report = build(Told(_replayed(plan), plan.sessions, days, left_out, notes))
    return _pictured(report, plan.sessions, _market(lambda: feed_of(plan, remembered_in)), pictures)


def report_days(
    journal: Journal,
    begun: Sequence[DayStarted],
    pictures: int,
    remembered_in: Path | None = None,
) -> Report:
    """Return the report of days of one session, exchange and account, with pictures.

    `begun` are their first events. What they took over from days before is told with what
    led to it. `remembered_in` is as in `report_replay`. Raises JournalError for a damaged journal.
    """
    first = begun[0]
    before = [run for day in begun for run in _days_before(journal, day)]
    told = _tell(journal, [*before, *(day.run_id for day in begun)], "the journal")
    ours = {day.run_id for day in begun}
    days = [day for day in told if day.begun.run_id in ours]
    earlier = {day.begun.session.date: day.begun.session for day in told}
    report = build(Told(_lived(begun), (first.session,), days))
    market = (
        _market(lambda: make_feed(read_options(first.broker_options), remembered_in))
        if first.broker == "sim"
        else _Market(None, f"the broker {first.broker} keeps no bars")
    )
    sessions = [earlier[date] for date in sorted(earlier)]
    return _pictured(report, sessions, market, pictures)


def _tell(journal: Journal, runs: Iterable[str], where: object) -> list[ToldDay]:
    teller, days = DaysTeller(), []
    for run_id in runs:
        records = journal.read(run_id)
        try:
            told = teller.tell(records, _rules(records))
        except KeyError as error:
            msg = (
                f"the events of {run_id} in {where} don't fit together ({error} is missing): "
                f"'skim explain {run_id}' tells what they say."
            )
            raise JournalError(msg) from error
        if told is not None:
            days.append(told)
    return days


def _rules(records: Sequence[Record]) -> Any:
    first = records[0].event if records else None
    return known_exchange(first.session) if isinstance(first, DayStarted) else None


def _days_before(journal: Journal, day: DayStarted) -> list[str]:
    """Return the ids of the days in which what `day` took over was opened and held."""
    opened = [
        record.event.opened_at
        for record in journal.read(day.run_id)
        if isinstance(record.event, PositionCarried)
    ]
    if not opened:
        return []
    return [
        run.run_id
        for run in journal.runs()
        if isinstance(run.first, DayStarted)
        and (run.first.strategy, run.first.account) == (day.strategy, day.account)
        and run.first.session.exchange == day.session.exchange
        and min(opened).date() <= run.first.session.close.date()
        and run.first.session.date < day.session.date
    ]


def _replayed(plan: Plan) -> Subject:
    exchange = known_exchange(plan.sessions[0])
    return Subject(
        kind="replay",
        name=plan.name,
        strategies=tuple(strategy.name for strategy in plan.strategies),
        exchange=plan.exchange,
        currency=exchange.currency if exchange else None,
        account=plan.account,
        timezone=plan.sessions[0].timezone,
        first=plan.first,
        last=plan.last,
        broker="sim",
        market=_market_in_words(plan.options),
        data=_data(plan.options),
        data_digest=plan.data,
        charged=_charged(plan.options),
        capital=plan.capital,
        versions=plan.versions,
        settings={strategy.name: strategy.config for strategy in plan.strategies},
        digest=plan.digest,
    )


def _lived(begun: Sequence[DayStarted]) -> Subject:
    first = begun[0]
    exchange = known_exchange(first.session)
    options = _options(first)
    return Subject(
        kind="day",
        name=", ".join(day.run_id for day in begun),
        strategies=tuple(day.strategy for day in begun),
        exchange=first.session.exchange,
        currency=exchange.currency if exchange else None,
        account=first.account,
        timezone=first.session.timezone,
        first=first.session.date,
        last=first.session.date,
        broker=first.broker,
        market=_market_in_words(options) if options else f"quotes of {first.broker}",
        data=_data(options) if options else None,
        data_digest=None,
        charged=_charged(options) if options else None,
        capital=options.cash if options else None,
        versions={name: value for day in begun for name, value in day.versions.items()},
        settings={day.strategy: day.config for day in begun},
    )


def _options(first: DayStarted) -> SimOptions | None:
    """Return the simulated exchange's options; None for another broker, or another skim's."""
    try:
        return read_options(first.broker_options) if first.broker == "sim" else None
    except ConfigError:
        return None


def _market_in_words(options: SimOptions) -> str:
    if options.data is not None:
        return "recorded bars"
    return f"generated market, seed {options.seed}, {options.symbols} symbols"


def _charged(options: SimOptions) -> str:
    return f"commission {options.commission}, slippage {options.slippage}"


def _data(options: SimOptions) -> str | None:
    return None if options.data is None else options.data.as_posix()


def _market(make: Any) -> _Market:
    """Return the market; a report does without one that is no longer there, and says so."""
    try:
        return _Market(make())
    except SkimError as error:
        return _Market(None, str(error))


def _pictured(
    report: Report, sessions: Sequence[Session], market: _Market, pictures: int
) -> Report:
    why = chosen(report.trades, pictures)
    wanted = [account for account in report.trades if account.number in why]
    loaded = _Loaded(market)
    shown = []
    for account in wanted:
        days = list(loaded.bars(spanned(account, sessions)))
        found = candles(account, days) if days else None
        missing = "" if found else loaded.missing or f"there are no bars of {account.trade.symbol}"
        shown.append(
            Picture(
                number=account.number, groups=why[account.number], candles=found, missing=missing
            )
        )
    return with_pictures(report, shown)


class _Loaded:
    """Sessions' bars, the latest few kept: pictures come in the order of their sessions."""

    def __init__(self, market: _Market) -> None:
        self.missing = market.missing
        self._feed = market.feed
        self._kept: dict[Any, Any] = {}

    def bars(self, sessions: Iterable[Session]) -> Iterator[tuple[Session, Any]]:
        """Yield each session with its bars; one that has none is left out, and says why."""
        for session in sessions:
            if session.date not in self._kept:
                self._kept[session.date] = self._load(session)
                if len(self._kept) > _KEPT:
                    del self._kept[next(iter(self._kept))]
            bars = self._kept[session.date]
            if bars is not None:
                yield session, bars

    def _load(self, session: Session) -> Any:
        if self._feed is None:
            return None
        try:
            exchange = load_exchange(session.exchange, on=session.date)
            return self._feed.load(session, exchange).bars
        except SkimError as error:
            self.missing = str(error)
            return None


def _notes(path: Path) -> list[Note]:
    """Return the notes of a replay's summary; none when it has none.

    Raises DataError for a summary that can't be read.
    """
    try:
        summary = json.loads(path.read_bytes())
        found = summary.get("notes", [])
        return [_note(note) for note in found]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        msg = f"{path} is no summary of a replay ({error}): replay anew with 'skim replay'."
        raise DataError(msg) from error


def _note(note: dict[str, Any]) -> Note:
    import datetime as dt  # noqa: PLC0415

    date = note.get("date")
    return Note(
        date=dt.date.fromisoformat(date) if date else None,
        symbol=str(note.get("symbol") or ""),
        kind=str(note.get("kind") or ""),
        text=str(note.get("text") or ""),
    )
