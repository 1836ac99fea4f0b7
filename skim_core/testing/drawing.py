"""Hypothesis strategies for markets: shares, tapes and bars as a session may bring them.

Needs hypothesis, which skim-core itself does not install.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from skim_core.model.exchange import Exchange
from skim_core.model.session import Session
from skim_core.ports.bars import Bars
from skim_core.testing.tape import Share, Tape

_STEPS = ("moves", "breaks_out", "falls_through", "gaps_through", "falls_silent")
_LATEST = 10
"""Minutes after the open by which every opening group of an exchange has opened."""


def shares(symbol: str, session: Session) -> SearchStrategy[Share]:
    """Return a strategy for a share's session: it opens with a gap and does up to eight things."""
    return _shares(symbol, session)


@st.composite
def _shares(draw: st.DrawFn, symbol: str, session: Session) -> Share:
    percents = st.floats(0.1, 25, allow_nan=False)
    share = Share(
        symbol,
        previous_close=draw(st.sampled_from((0.05, 0.5, 1.0, 4.0, 40.0))),
        volume=draw(st.sampled_from((0, 100, 10_000, 1_000_000))),
    )
    share = share.opens(draw(st.floats(-25, 25, allow_nan=False)), swing=draw(percents))
    minutes = st.integers(_LATEST + 1, session.minutes - 1)
    for minute in sorted(draw(st.sets(minutes, max_size=8))):
        at = f"{session.local(session.open + timedelta(minutes=minute)):%H:%M}"
        step = draw(st.sampled_from(_STEPS))
        if step == "falls_silent":
            share = share.falls_silent(at)
        elif step == "moves":
            share = share.moves(at, draw(st.floats(-25, 25, allow_nan=False)))
        else:
            share = getattr(share, step)(at, draw(percents))
    return share


def tapes(session: Session, *symbols: str) -> SearchStrategy[Tape]:
    """Return a strategy for a session's market of these symbols; of AAA, BBB and CCC if none."""
    names = symbols or ("AAA", "BBB", "CCC")
    return st.tuples(*(shares(name, session) for name in names)).map(lambda told: Tape.of(*told))


def bars(session: Session, exchange: Exchange, *symbols: str) -> SearchStrategy[Bars]:
    """Return a strategy for a session's bars, for rules that look at bars alone."""
    return tapes(session, *symbols).map(lambda tape: tape.load(session, exchange).bars)
