"""Hypothesis strategies for phase graphs, sessions and all that can happen in a day.

Needs hypothesis, which skim-core itself does not install.
"""

from __future__ import annotations

import datetime as dt
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import combinations, product
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.orders import Side
from skim_core.model.phases import OnFailure, Phase, Retry
from skim_core.model.session import Session
from skim_core.testing.days import HANGS, Attempt, Crash, Outcomes, ScriptedDay, raises, returns

_HOURS = {
    # asx.com.au, "Trading hours"; its half days close at 14:10, before the closing auction.
    "XASX": ("Australia/Sydney", dt.time(10), dt.time(16), dt.time(14, 10)),
    # nyse.com, "Holidays and trading hours".
    "XNYS": ("America/New_York", dt.time(9, 30), dt.time(16), dt.time(13)),
}


def make_session(exchange: str, date: dt.date, *, half_day: bool = False) -> Session:
    """Return the session of XASX or XNYS on `date`, which the calendar is not asked about."""
    timezone, opens, closes, closes_early = _HOURS[exchange]
    zone = ZoneInfo(timezone)
    return Session(
        exchange=exchange,
        date=date,
        open=datetime.combine(date, opens, zone),
        close=datetime.combine(date, closes_early if half_day else closes, zone),
        timezone=timezone,
        half_day=half_day,
    )


SESSIONS = (
    make_session("XASX", dt.date(2026, 1, 5)),
    make_session("XASX", dt.date(2026, 4, 2)),
    make_session("XASX", dt.date(2026, 4, 7)),
    make_session("XASX", dt.date(2026, 7, 6)),
    make_session("XASX", dt.date(2026, 10, 2)),
    make_session("XASX", dt.date(2026, 10, 5)),
    make_session("XASX", dt.date(2026, 12, 24), half_day=True),
    make_session("XASX", dt.date(2026, 12, 31), half_day=True),
    make_session("XNYS", dt.date(2026, 3, 6)),
    make_session("XNYS", dt.date(2026, 3, 9)),
    make_session("XNYS", dt.date(2026, 10, 30)),
    make_session("XNYS", dt.date(2026, 11, 2)),
    make_session("XNYS", dt.date(2026, 11, 27), half_day=True),
)
"""Full and half days, and the days on both sides of each daylight-saving switch of 2026."""


def sessions() -> st.SearchStrategy[Session]:
    """Draw one of `SESSIONS`."""
    return st.sampled_from(SESSIONS)


_REFERENCE = timedelta(hours=6)
"""The shortest full session: windows that open in it open in every full one."""


def _anchored(moment: timedelta, anchor: str) -> dict[str, object]:
    return {"anchor": anchor, "offset": moment - (_REFERENCE if anchor == "close" else timedelta())}


@cache
def _one_of(*fields: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw one value of each field at once: what a test costs is the number of its draws."""
    return st.sampled_from(tuple(product(*fields)))


_STARTS = tuple(timedelta(minutes=minutes) for minutes in (*range(-30, 301, 5), 0.5, 1, 29.5))
_LENGTHS = tuple(timedelta(minutes=minutes) for minutes in (30, 0.5, 5, 10, 60, 90, 120, 180))


def _windows(draw: st.DrawFn, anchors: tuple[str, ...]) -> tuple[Any, Any]:
    start, length, first, last = draw(_one_of(_STARTS, _LENGTHS, anchors, anchors))
    # From the close to the open would not open in a session longer than the shortest.
    last = max(first, last, key=anchors.index)
    return _anchored(start, first), _anchored(start + length, last)


_ON_FAILURE = tuple(OnFailure)
_TIMEOUTS = tuple(timedelta(seconds=seconds) for seconds in (60, 1, 30, 0.25, 600, 1200))
_EVERY = tuple(timedelta(seconds=seconds) for seconds in (900, 600, 1234.567, 1800, 3600))
_RETRIES = (
    Retry(),
    Retry(attempts=2, backoff=timedelta(0)),
    Retry(attempts=2, backoff=timedelta(seconds=30), jitter=0),
    Retry(attempts=3, backoff=timedelta(seconds=5)),
    Retry(attempts=4, backoff=timedelta(minutes=1), factor=1, jitter=0.5),
    Retry(attempts=4, backoff=timedelta(seconds=7), factor=10, jitter=0.5),
    Retry(attempts=6, backoff=timedelta(seconds=20), longest=timedelta(seconds=50)),
)
_ONCE = ("free", "at", "deadline", "both")
_REPEATING = ("repeating", "protective")
_POLICIES = st.sampled_from(
    (
        *product(_ONCE * 2, _TIMEOUTS, _ON_FAILURE, _RETRIES, (None,)),
        *product(_REPEATING, _TIMEOUTS, _ON_FAILURE, _EVERY, (None, 1, 2, 3)),
    )
)


@cache
def _dependencies(known: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.sampled_from([each for n in range(3) for each in combinations(range(known), n)])


def _after(draw: st.DrawFn, drawn: list[Phase]) -> tuple[str, ...]:
    return tuple(drawn[index].name for index in draw(_dependencies(len(drawn))))


def _phase(draw: st.DrawFn, name: str, after: tuple[str, ...], anchors: tuple[str, ...]) -> Phase:
    sort, timeout, on_failure, again, give_up_after = draw(_POLICIES)
    start, end = _windows(draw, anchors) if sort != "free" else (None, None)
    policy: dict[str, Any] = {"timeout": timeout, "on_failure": on_failure}
    if sort in _REPEATING:
        policy |= {"every": again, "between": (start, end), "give_up_after": give_up_after}
        policy["protective"] = sort == "protective" and not after
    else:
        policy["retry"] = again
        policy["at"] = start if sort in {"at", "both"} else None
        policy["deadline"] = end if sort in {"deadline", "both"} else None
    return Phase(name, after=after, **policy)


@st.composite
def phase_graphs(draw: st.DrawFn, anchors: tuple[str, ...] = ("open", "close")) -> PhaseGraph:
    """Draw a graph of one to eight phases with up to two dependencies each.

    They are declared in the order of their dependencies or against it. Their windows hang
    on these `anchors` of the session.
    """
    drawn: list[Phase] = []
    for index in range(draw(st.integers(1, 8))):
        drawn.append(_phase(draw, f"phase_{index}", _after(draw, drawn), anchors))
    return PhaseGraph(*(reversed(drawn) if draw(st.booleans()) else drawn))


_ROOMY_STARTS = tuple(timedelta(minutes=minutes) for minutes in range(0, 61, 5))
_ROOMY_ENDS = tuple(_REFERENCE - timedelta(minutes=minutes) for minutes in range(0, 31, 5))
_ROOMY_EVERY = tuple(timedelta(seconds=seconds) for seconds in (300, 600, 432.1))
_ROOMY_POLICIES = st.sampled_from(
    (
        *product(("free", "both"), _ON_FAILURE, _RETRIES[:4], (None,)),
        *product(_REPEATING, _ON_FAILURE, _ROOMY_EVERY, (1, 2, 3, 4)),
    )
)


@st.composite
def roomy_graphs(draw: st.DrawFn) -> PhaseGraph:
    """Draw a graph in which minutes of delay make nothing late, not even on a half day.

    All starts are in the first hour, all ends in the last, and what follows a repeating
    phase runs once and has no times of its own.
    """
    drawn: list[Phase] = []
    timeless: set[str] = set()
    for index in range(draw(st.integers(1, 8))):
        name, after = f"phase_{index}", _after(draw, drawn)
        sort, on_failure, again, give_up_after = draw(_ROOMY_POLICIES)
        first, last = draw(_one_of(_ROOMY_STARTS, _ROOMY_ENDS))
        start, end = _anchored(first, "open"), _anchored(last, "close")
        policy: dict[str, Any] = {}
        if timeless & set(after):
            timeless.add(name)
        elif sort in _REPEATING:
            timeless.add(name)
            policy |= {"every": again, "between": (start, end), "give_up_after": give_up_after}
            policy["protective"] = sort == "protective" and not after
        else:
            policy["retry"] = again
            policy |= {"at": start, "deadline": end} if sort == "both" else {}
        drawn.append(Phase(name, after=after, timeout="30s", on_failure=on_failure, **policy))
    return PhaseGraph(*(reversed(drawn) if draw(st.booleans()) else drawn))


@cache
def _scripts(longest: float) -> st.SearchStrategy[tuple[Attempt, ...]]:
    lasts = [seconds for seconds in (0, 7, 60, 700) if seconds <= longest]
    known = [returns(timedelta(seconds=each)) for each in lasts]
    known += [raises("it broke", timedelta(seconds=each)) for each in lasts]
    known.append(HANGS)
    return st.sampled_from([script for n in (1, 2, 3) for script in product(known, repeat=n)])


@st.composite
def outcomes(draw: st.DrawFn, graph: PhaseGraph, longest: float = 1000) -> Outcomes:
    """Draw what up to three attempts of each phase do, the last for all that follow.

    An attempt returns, raises or hangs; at most after `longest` seconds.
    """
    return {phase.name: draw(_scripts(longest)) for phase in graph}


def opened(symbol: str, at: datetime) -> ev.PositionOpened:
    """Return the event of 100 shares of `symbol` bought at `at`."""
    return ev.PositionOpened(
        at=at, symbol=symbol, side=Side.BUY, quantity=100, price=Decimal("45.10")
    )


def closed(symbol: str, at: datetime) -> ev.PositionClosed:
    """Return the event of the 100 shares of `symbol` sold at `at`."""
    return ev.PositionClosed(
        at=at,
        symbol=symbol,
        quantity=100,
        entry_price=Decimal("45.10"),
        exit_price=Decimal("45.60"),
        profit=Decimal(38),
    )


_OPENED = (None, *(timedelta(minutes=minutes) for minutes in range(0, 361, 45)))
_HELD = (None, *(timedelta(minutes=minutes) for minutes in (0.5, 5, 60, 300)))


@st.composite
def positions(draw: st.DrawFn, session: Session) -> list[ev.Event]:
    """Draw up to two positions, opened some time in the session and perhaps closed again."""
    events: list[ev.Event] = []
    for symbol in ("BHP", "CBA"):
        after, held = draw(_one_of(_OPENED, _HELD))
        if after is not None:
            events.append(opened(symbol, session.open + after))
            if held is not None:
                events.append(closed(symbol, session.open + after + held))
    return events


@cache
def crashes(longest: float = 7200) -> st.SearchStrategy[list[Crash]]:
    """Draw up to three crashes, each followed by a takeover within `longest` seconds."""
    away = [timedelta(seconds=each) for each in (0, 1, 20, 300, 5000) if each <= longest]
    known = [Crash(events, each) for events in range(1, 61) for each in away]
    return st.lists(st.sampled_from(known), max_size=3)


@st.composite
def scripted_days(
    draw: st.DrawFn, *, crashing: bool = False, anchors: tuple[str, ...] = ("open", "close")
) -> ScriptedDay:
    """Draw a graph, a session and all that happens in it; with `crashing` crashes too."""
    graph = draw(phase_graphs(anchors))
    session = draw(sessions())
    return ScriptedDay(
        graph=graph,
        session=session,
        outcomes=draw(outcomes(graph)),
        happenings=[*draw(positions(session)), *(draw(crashes()) if crashing else ())],
        started_at=session.open + draw(st.sampled_from((-30, 0, 95))) * timedelta(minutes=1),
    )
