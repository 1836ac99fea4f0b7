"""What a replay has to say about the market data itself: splits, renames, holes, thin shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skim_core.model.exchange import Exchange
from skim_core.ports.bars import MINUTE
from skim_core.sim.data import SessionData
from skim_core.sim.matching import exact
from skim_core.sim.splits import LEAST, probable_split

KINDS = ("split", "rename", "early_end", "stub", "hole", "thin", "no_previous_close")
"""The kinds of notes, the most important first."""

_MOST = 50
_EARLY = 10
_STUB = 30
_HOLE = 15
_DENSE = 0.8
_THIN = 0.5


@dataclass(frozen=True, slots=True)
class Note:
    """One thing about a session's data; `symbol` is None when it is about all of them."""

    date: dt.date
    symbol: str | None
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What the strategies found, ordered or held over the night before, by symbol.

    `split_gaps`: whether the gap of a probable split was scanned like any other.
    """

    touched: AbstractSet[str]
    held: AbstractSet[str]
    split_gaps: bool


def notes_of(data: SessionData, looked: Looked, rules: Exchange) -> list[Note]:
    """Return the notes of one session: of all its symbols on splits and renames, else of `looked`."""
    date, traded = data.session.date, ~np.isnan(data.bars.close)
    notes = [Note(date, new, "rename", text) for new, text in _renames(data)]
    notes += [Note(date, symbol, "split", text) for symbol, text in _splits(data, looked, rules)]
    missing = int(np.isnan(data.previous_close).sum())
    if missing:
        text = f"{missing} of {len(data.bars.symbols)} symbols have no previous close: no gap"
        notes.append(Note(date, None, "no_previous_close", text))
    columns = np.flatnonzero(traded.any(axis=0))
    if not columns.size:
        return notes
    end = int(columns[-1]) + 1
    if data.bars.minutes - end >= _EARLY:
        text = (
            f"the data end at {_at(data, end)}, the session at {_at(data, data.bars.minutes)}: "
            "what is open then trades no more but at the close"
        )
        notes.append(Note(date, None, "early_end", text))
    for symbol in sorted(looked.touched & data.bars.row.keys()):
        kind, text = _of_symbol(data, traded[data.bars.row[symbol], :end])
        if kind:
            notes.append(Note(date, symbol, kind, text))
    return notes


def _renames(data: SessionData) -> Iterable[tuple[str, str]]:
    for new, old in data.renamed.items():
        text = f"new, while {old} is gone at about its price: probably renamed; no gap is known"
        yield new, text


def _splits(data: SessionData, looked: Looked, rules: Exchange) -> Iterable[tuple[str, str]]:
    traded = ~np.isnan(data.bars.close)
    opened = data.bars.open[np.arange(len(traded)), traded.argmax(axis=1)]
    ratio = opened / data.previous_close
    for row in np.flatnonzero((ratio >= LEAST) | (ratio <= 1 / LEAST)).tolist():
        symbol = data.bars.symbols[row]
        previous, first = exact(data.previous_close[row]), exact(opened[row])
        split = probable_split(previous, first, rules)
        if not split:
            continue
        text = f"opened at {first:f} after a close of {previous:f}: probably a {split}; its gap is "
        text += "scanned as any other" if looked.split_gaps else "not scanned"
        if symbol in looked.held:
            text += ". It was held over the night: what its trade made is the split's"
        yield symbol, text


def _of_symbol(data: SessionData, traded: NDArray[np.bool_]) -> tuple[str, str]:
    """Return what is odd about the minutes in which a symbol traded: the kind, and in words."""
    minutes = np.flatnonzero(traded)
    if not minutes.size:
        return "thin", "traded in no minute"
    last = int(minutes[-1]) + 1
    inside = traded[int(minutes[0]) : last]
    if inside.mean() >= _DENSE:
        if len(traded) - last >= _STUB:
            return "stub", f"its bars end at {_at(data, last)}, those of others go on"
        steps = np.diff(minutes)
        if steps.size and steps.max() > _HOLE:
            first = int(minutes[int(steps.argmax())]) + 1
            until = _at(data, first + int(steps.max()) - 1)
            return "hole", f"no bar from {_at(data, first)} to {until}: halted, or not recorded"
    if traded.mean() < _THIN:
        return "thin", f"traded in {len(minutes)} of {len(traded)} minutes"
    return "", ""


def _at(data: SessionData, column: int) -> str:
    return f"{data.session.local(data.bars.start + column * MINUTE):%H:%M}"


def gathered(notes: Iterable[Note]) -> list[dict[str, Any]]:
    """Return notes for the summary: one for each kind and symbol, the important first.

    At most fifty; a last one counts those that are left.
    """
    alike: dict[tuple[int, str], list[Note]] = {}
    for note in notes:
        alike.setdefault((KINDS.index(note.kind), note.symbol or ""), []).append(note)
    groups = [alike[key] for key in sorted(alike, key=lambda key: (key[0], alike[key][0].date))]
    rows = [_row(group) for group in groups[:_MOST]]
    if len(groups) > _MOST:
        left = groups[_MOST:]
        text = f"{len(left)} more notes, on {', '.join(dict.fromkeys(g[0].kind for g in left))}"
        rows.append({"date": left[0][0].date, "symbol": None, "kind": "more", "text": text})
    return rows


def _row(alike: Sequence[Note]) -> dict[str, Any]:
    first = alike[0]
    again = f" ({len(alike)} sessions so, the last on {alike[-1].date})" if alike[1:] else ""
    return {
        "date": first.date,
        "symbol": first.symbol,
        "kind": first.kind,
        "text": first.text + again,
    }
