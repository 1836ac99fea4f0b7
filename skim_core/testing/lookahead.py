"""Look-ahead: whether what a strategy decides hangs on what has not happened yet.

A session is replayed once with all its data, and again with the data cut at an instant: the
rest of the day is left out, or is another one, made up. Until that instant both have to be
the same to the last byte: each phase, candidate, range, order and fill. Of two cuts at a
minute one takes that minute too and is compared up to it; the other leaves its open and its
volume, which fills at the open need, and is compared up to and with what is decided then.

Not seen is what a strategy reads by itself from files or the network, which no cut reaches,
nor that it uses the price at which, and the part of the volume for which, the exchange has
filled its own orders at the open of a minute that is not over.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from random import Random
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from skim_core.model.session import Session
from skim_core.ports.bars import MINUTE, Bars
from skim_core.replay.plan import Plan
from skim_core.replay.sessions import Left, Row, SessionResult, SessionRunner, feed_of
from skim_core.sim.data import Feed, SessionData

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange
    from skim_core.ports.bars import Column

Rest: TypeAlias = Literal["left out", "made up", "the same"]
"""What is put in the place of the rest of the day; the same for the day as it was, run again."""

_DECISIONS = frozenset(
    {
        "candidates_scanned",
        "opening_ranges_tracked",
        "candidates_alerted",
        "order_intended",
        "order_refused",
    }
)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a session's data ends, at the start of a minute, and what comes after it.

    `with_minute`: the minute that begins then is cut too; else its open and volume are left.
    """

    moment: dt.datetime
    rest: Rest
    with_minute: bool = True

    def covers(self, row: Row) -> bool:
        """Whether an event, as the journal keeps it, came before the cut."""
        if self.rest == "the same":
            return True
        at = dt.datetime.fromisoformat(row[0])
        return at < self.moment if self.with_minute else at <= self.moment


@dataclass(frozen=True, slots=True)
class Peek:
    """What was done otherwise, before the data was another: the first event that differs.

    `expected` is the event with all data, `found` the one with the data cut, as the journal
    keeps them; None where there is none.
    """

    session: dt.date
    cut: Cut
    expected: Row | None
    found: Row | None

    def __str__(self) -> str:
        told = self.expected or self.found
        assert told is not None, "two that differ are not both nothing"
        rest = (
            f"the rest of the day {self.cut.rest}" if self.cut.rest != "the same" else "run again"
        )
        return (
            f"{self.session}: with the data cut at {self.cut.moment:%H:%M} UTC, {rest}, "
            f"another {told[1]} at {told[0]}: expected {_shown(self.expected)}, "
            f"found {_shown(self.found)}"
        )


@dataclass(frozen=True, eq=False)
class CutFeed:
    """A market whose sessions end at a cut; one that is over by then is whole."""

    feed: Feed
    cut: Cut

    def load(self, session: Session, exchange: Exchange) -> SessionData:
        """Return the session's data up to the cut, and what the cut says after it."""
        data = self.feed.load(session, exchange)
        if self.cut.rest == "the same":
            return data
        first = min(max(0, data.bars.column(self.cut.moment)), data.bars.minutes)
        return dataclasses.replace(data, bars=_cut(data.bars, first, self.cut))


def find_lookahead(
    plan: Plan, *, cuts: int = 6, seed: int = 0, feed: Feed | None = None
) -> Iterator[Peek]:
    """Yield where the strategies of `plan` knew what had not happened yet; nothing when sound.

    Each session is run whole, once more (a strategy that remembers what it saw is another the
    second time), and for each of `cuts` instants with the data cut there in four ways. Half of
    the instants are those at which something was decided, the first such one among them, the
    others any minute, as `seed` draws them. `feed` stands in for the plan's market. At most
    one peek a session is told.

    Raises what a replay raises.
    """
    market = feed or feed_of(plan)
    whole = SessionRunner(plan, {}, market)
    left: Left | None = None
    for session in plan.sessions:
        result = whole.run(session, left)
        random = Random(f"{seed}|{session.date}")
        for cut in (Cut(session.close, "the same"), *_cuts(session, result, cuts, random)):
            again = SessionRunner(plan, {}, CutFeed(market, cut)).run(session, left)
            peek = _compare(session, cut, result, again)
            if peek is not None:
                yield peek
                break
        left = result.left


def _cuts(session: Session, result: SessionResult, many: int, random: Random) -> Iterator[Cut]:
    start, minutes = session.open, session.minutes
    decided = sorted(
        {
            (dt.datetime.fromisoformat(row[0]) - start) // MINUTE
            for run in result.runs
            for row in run.rows
            if row[1] in _DECISIONS
        }
        & set(range(1, minutes))
    )
    later = decided[1:]
    chosen = decided[:1] + random.sample(later, min((many - 1) // 2, len(later)))
    chosen += random.sample(range(1, minutes), min(many - len(chosen), minutes - 1))
    for minute in sorted(set(chosen)):
        for with_minute in (True, False):
            yield Cut(start + minute * MINUTE, "left out", with_minute)
            yield Cut(start + minute * MINUTE, "made up", with_minute)


def _compare(
    session: Session, cut: Cut, expected: SessionResult, found: SessionResult
) -> Peek | None:
    for before, after in zip(expected.runs, found.runs, strict=True):
        for one, other in zip_longest(_until(before.rows, cut), _until(after.rows, cut)):
            if one != other:
                return Peek(session.date, cut, one, other)
    return None


def _until(rows: Sequence[Row], cut: Cut) -> list[Row]:
    return [row for row in rows if cut.covers(row)]


def _cut(bars: Bars, first: int, cut: Cut) -> Bars:
    columns = [
        column.copy() for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)
    ]
    rest = [column[:, first:] for column in columns]
    kept = [column[:, :1].copy() for column in rest]
    _fill(rest, cut)
    if not cut.with_minute and kept[0].size:
        _leave_open(rest, kept)
    return Bars(bars.symbols, bars.start, *columns)


def _fill(rest: list[Column], cut: Cut) -> None:
    """Put what comes after a cut in the place of open, high, low, close and volume."""
    if cut.rest == "left out":
        for column, nothing in zip(rest, (np.nan,) * 4 + (0.0,), strict=True):
            column[:] = nothing
        return
    # Prices from a hundredth of a cent to a million, traded where nothing was and not where
    # something was: whoever looks at them does something else.
    random = np.random.default_rng(round(cut.moment.timestamp()))
    silent = random.random(rest[0].shape) < 0.3  # noqa: PLR2004
    prices = np.round(10.0 ** random.uniform(-4, 6, (4, *rest[0].shape)), 4)
    prices.sort(axis=0)
    for column, rank in zip(rest[:4], (1, 3, 0, 2), strict=True):
        column[:] = np.where(silent, np.nan, prices[rank])
    rest[4][:] = np.where(silent, 0.0, random.integers(1, 10**7, rest[0].shape))


def _leave_open(rest: list[Column], kept: list[Column]) -> None:
    """Leave the first minute its open and its volume, between high and low of the new rest."""
    opened, high, low, close, volume = (column[:, :1] for column in rest)
    silent = np.isnan(kept[0])
    opened[:] = kept[0]
    volume[:] = kept[4]
    for column, bound in ((high, np.fmax), (low, np.fmin), (close, np.fmax)):
        column[:] = np.where(silent, np.nan, bound(column, kept[0]))
    high[:] = np.where(silent, np.nan, np.fmax(high, close))


def _shown(row: Row | None) -> str:
    if row is None:
        return "nothing"
    event = json.loads(row[2])
    for name in ("order", "candidates", "ranges", "alerts", "reason", "fill"):
        if name in event:
            return f"{row[1]} {json.dumps(event[name])[:200]}"
    return row[1]
