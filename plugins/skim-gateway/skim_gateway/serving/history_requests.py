"""The past: bars, with those to come if asked for, schedules, ticks, histograms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.market.bars import TimedBar, bar_start, bars
from skim_gateway.market.spans import DAY, SpanError, bar_seconds, end_time, span
from skim_gateway.serving.kinds import HISTORY
from skim_gateway.setup import MarketData
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_core import Session
    from skim_gateway.gateway import Gateway
    from skim_gateway.serving.conversation import Conversation

_SMALL_BAR = 30
_NOTHING = Decimal(-1)


@dataclass(frozen=True, slots=True)
class _What:
    """How bars of a kind differ from trades: by how many ticks the prices are moved."""

    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    traded: bool = False


_WHATS: Mapping[str, _What] = {
    "TRADES": _What(traded=True),
    "ADJUSTED_LAST": _What(traded=True),
    "MIDPOINT": _What(),
    "BID": _What(-1, -1, -1, -1),
    "ASK": _What(1, 1, 1, 1),
    "BID_ASK": _What(-1, 1, -1, 1),
}
_SCHEDULE = "SCHEDULE"
_Format = Callable[[datetime], str]


async def historical_data(conversation: Conversation, request: r.RequestHistoricalData) -> None:
    """Tell bars, and with `keep_up_to_date` how the last one goes on."""
    gateway, req_id = conversation.gateway, request.req_id
    symbol = gateway.catalogue.find(request.contract)
    if symbol is None:
        conversation.error(codes.NO_CONTRACT, req_id)
        return
    if request.end and request.keep_up_to_date:
        why = "Historical data queries with keepUpToDate must have an empty end date/time"
        conversation.error(codes.INVALID, req_id, why=why)
        return
    try:
        seconds = bar_seconds(request.bar_size)
        end = end_time(request.end, gateway.wording.timezone, conversation.now)
        parts = span(request.duration, min(end, conversation.now), gateway.sessions)
    except SpanError as wrong:
        conversation.error(codes.INVALID, req_id, why=str(wrong))
        return
    if request.what == _SCHEDULE:
        _tell_schedule(conversation, request, parts)
        return
    what = _WHATS.get(request.what)
    if what is None:
        why = f"No data of type {request.what} is available for {symbol}"
        conversation.error(codes.HISTORY_ERROR, req_id, why=why)
        return
    if _is_refused(conversation, request, seconds):
        return
    found = [
        bar
        for session, start, until in parts
        for bar in bars(gateway.tape_of(session), symbol, start, until, seconds)
    ]
    if seconds > DAY:
        found = _by_period(found, gateway, seconds)
    if not found:
        where = gateway.catalogue.venue.exchange
        why = f"HMDS query returned no data: {symbol}@{where} {request.what.title()}"
        conversation.error(codes.HISTORY_ERROR, req_id, why=why)
        return
    form = _date_format(gateway, seconds, request.date_format)
    conversation.send(
        a.HistoricalData(
            req_id=req_id,
            start=gateway.wording.stamp(parts[0][1]),
            end=gateway.wording.stamp(end),
            bars=tuple(_bar(gateway, bar, what, form) for bar in found),
        )
    )
    if request.keep_up_to_date:
        stream = _Forming(conversation, req_id, symbol, seconds, what, form)
        conversation.subscribe(HISTORY, req_id, stream)


def _is_refused(conversation: Conversation, request: r.RequestHistoricalData, seconds: int) -> bool:
    """Tell error 162 for a request too soon, or one too many; return whether it was told."""
    limits = conversation.gateway.setup.limits
    if conversation.count(HISTORY) >= limits.open_histories:
        why = "API historical data query cancelled: too many open requests"
        conversation.error(codes.HISTORY_ERROR, request.req_id, why=why)
        return True
    if conversation.gateway.setup.market_data is MarketData.DELAYED and request.keep_up_to_date:
        why = "No market data permissions"
        conversation.error(codes.HISTORY_ERROR, request.req_id, why=why)
        return True
    if seconds > _SMALL_BAR and not limits.pace_all_bars:
        return False
    weight = 2 if request.what == "BID_ASK" else 1
    series = (request.contract, request.what)
    same = replace(request, req_id=0)
    if conversation.pacing.violated(conversation.now, same, series, weight):
        why = "Historical data request pacing violation"
        conversation.error(codes.HISTORY_ERROR, request.req_id, why=why)
        return True
    return False


def _by_period(found: list[TimedBar], gateway: Gateway, seconds: int) -> list[TimedBar]:
    """Join days to weeks or months."""
    periods: dict[tuple[int, int], list[TimedBar]] = {}
    for bar in found:
        date = gateway.wording.local(bar.start).date()
        week = date.isocalendar()
        key = (week.year, week.week) if seconds <= 7 * DAY else (date.year, date.month)
        periods.setdefault(key, []).append(bar)
    return [
        TimedBar(
            members[-1].start,
            members[0].open,
            max(bar.high for bar in members),
            min(bar.low for bar in members),
            members[-1].close,
            sum(bar.volume for bar in members),
            sum((bar.value for bar in members), Decimal(0)),
            sum(bar.count for bar in members),
        )
        for members in periods.values()
    ]


def _date_format(gateway: Gateway, seconds: int, date_format: int) -> _Format:
    if seconds >= DAY:
        return gateway.wording.day
    if date_format == 2:  # noqa: PLR2004  seconds since 1970
        return lambda moment: str(int(moment.timestamp()))
    return gateway.wording.stamp


def _bar(gateway: Gateway, bar: TimedBar, what: _What, form: _Format) -> a.Bar:
    tick = gateway.catalogue.tick(bar.close)
    return a.Bar(
        date=form(bar.start),
        open=bar.open + what.open * tick,
        high=bar.high + what.high * tick,
        low=bar.low + what.low * tick,
        close=bar.close + what.close * tick,
        volume=Decimal(bar.volume) if what.traded else _NOTHING,
        average=bar.average if what.traded else _NOTHING,
        count=bar.count if what.traded else -1,
    )


class _Forming:
    """Tells the bar that is being formed, at most every five seconds, when it has changed."""

    timed = True
    with_fills = False

    def __init__(  # noqa: PLR0917  all of one request
        self,
        conversation: Conversation,
        req_id: int,
        symbol: str,
        seconds: int,
        what: _What,
        form: _Format,
    ) -> None:
        self._conversation = conversation
        self._req_id = req_id
        self._symbol = symbol
        self._seconds = seconds
        self._what = what
        self._form = form
        self._told: a.Bar | None = None
        self._since = conversation.now

    def advance(self, now: datetime) -> None:
        """Tell what has changed: the bar that ended since the last look, and the one that lasts."""
        gateway = self._conversation.gateway
        tape = gateway.tape(now)
        session = tape.session
        if not session.open <= self._since <= session.close:
            self._since = max(now - timedelta(seconds=5), session.open)
        start = bar_start(session, self._since, self._seconds)
        self._since = now
        # A trade of this very instant has been seen.
        until = now + timedelta(microseconds=1)
        for found in bars(tape, self._symbol, start, until, self._seconds):
            bar = _bar(gateway, found, self._what, self._form)
            if self._told is not None and (bar == self._told or found.start < start):
                continue
            self._told = bar
            self._conversation.send(
                a.HistoricalDataUpdate(
                    req_id=self._req_id,
                    count=bar.count,
                    date=bar.date,
                    open=bar.open,
                    close=bar.close,
                    high=bar.high,
                    low=bar.low,
                    average=bar.average,
                    volume=bar.volume,
                )
            )


def _tell_schedule(
    conversation: Conversation,
    request: r.RequestHistoricalData,
    parts: list[tuple[Session, datetime, datetime]],
) -> None:
    wording = conversation.gateway.wording

    def text(moment: datetime) -> str:
        return f"{wording.local(moment):%Y%m%d-%H:%M:%S}"

    sessions = tuple(
        a.ScheduledSession(
            start=text(session.open), end=text(session.close), date=f"{session.date:%Y%m%d}"
        )
        for session, _, _ in parts
    )
    conversation.send(
        a.HistoricalSchedule(
            req_id=request.req_id,
            start=sessions[0].start if sessions else "",
            end=sessions[-1].end if sessions else "",
            time_zone=wording.timezone,
            sessions=sessions,
        )
    )


async def cancel_historical_data(
    conversation: Conversation, request: r.CancelHistoricalData
) -> None:
    """End keeping up to date; error 366 when there is nothing to end."""
    if not conversation.unsubscribe(HISTORY, request.req_id):
        conversation.error(codes.NO_QUERY, request.req_id, number=request.req_id)
        return
    why = f"API historical data query cancelled: {request.req_id}"
    conversation.error(codes.HISTORY_ERROR, request.req_id, why=why)


async def head_timestamp(conversation: Conversation, request: r.RequestHeadTimestamp) -> None:
    """Tell since when there are data: the open of the first session."""
    gateway = conversation.gateway
    if gateway.catalogue.find(request.contract) is None:
        conversation.error(codes.NO_CONTRACT, request.req_id)
        return
    first = gateway.sessions[0].open
    text = str(int(first.timestamp()))
    if request.date_format == 1:
        text = f"{first.astimezone(UTC):%Y%m%d-%H:%M:%S}"
    conversation.send(a.HeadTimestamp(req_id=request.req_id, time=text))


async def nothing_to_cancel(_: Conversation, __: r.Request) -> None:
    """Do nothing: it was answered at once."""


HANDLERS = {
    r.RequestHistoricalData: historical_data,
    r.CancelHistoricalData: cancel_historical_data,
    r.RequestHeadTimestamp: head_timestamp,
    r.CancelHeadTimestamp: nothing_to_cancel,
}
