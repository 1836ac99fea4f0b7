"""A sweep's figures and what is to be thought of its best, in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_core.cli.output import Toned

if TYPE_CHECKING:
    from skim_core.sweep.plan import SweepPlan
    from skim_core.sweep.results import Results, Row

_PARTS = ("win_rate", "exposure")
_COUNTS = ("trades", "wins")
_ONLY = 1
_FEW = 60
"""Sessions of a quarter: of fewer the form of their profits can hardly be told."""


def named(values: Mapping[str, str]) -> str:
    """Return a combination as it is told: ``range_minutes=5, buffer_ticks=1``."""
    return ", ".join(f"{key}={value}" for key, value in values.items())


def figure_text(name: str, value: Decimal | None) -> str | None:
    """Return a figure as it is shown; None where it has no value."""
    if value is None:
        return None
    if name in _COUNTS:
        return f"{value:,f}"
    return f"{value:.1%}" if name in _PARTS else f"{value:,.2f}"


def figure_cell(name: str, value: Decimal | None) -> Toned | None:
    """Return a figure as a table's cell; the profit with its tone."""
    text = figure_text(name, value)
    if text is None or value is None:
        return None
    tone = ("gain" if value > 0 else "loss" if value < 0 else "") if name == "profit" else ""
    return Toned(text, tone)


def verdict(plan: SweepPlan, results: Results, best: Row | None, by: str) -> str:
    """Return what the choice of the best is worth, for a trader to read."""
    from skim_core.sweep.results import CONFIDENT

    if best is None:
        return f"No combination has a {by.replace('_', ' ')}: there is nothing to choose."
    sharpe, sure = best.figures["sharpe"], best.deflated_sharpe
    chosen = f"Best by {by.replace('_', ' ')}: {named(best.values)}"
    if sharpe is None or sure is None:
        return f"{chosen}. Its sessions don't tell how much of that is luck: take it for luck."
    if sharpe <= 0:
        return f"{chosen}. Even that one made nothing of {plan.sessions} sessions: choose none."
    shows = f"{chosen}, with a Sharpe ratio of {sharpe:.2f} over {plan.sessions} sessions."
    if results.tries == _ONLY:
        return f"{shows} It is {sure:.1%} sure that this is more than luck: one try, none chosen."
    if sure < CONFIDENT:
        trust = "under 95 % take it for luck."
    elif plan.sessions < _FEW:
        trust = f"but {plan.sessions} sessions are few, sweep more of them."
    else:
        trust = "try it on sessions that it was not chosen on, before money is at stake."
    return (
        f"{shows} But the best of many looks better than it is: of {results.tries} combinations "
        f"without any edge the luckiest would show about {results.luck:.2f}. It is {sure:.1%} "
        f"sure that this one is more than that luck (deflated Sharpe ratio): {trust}"
    )
