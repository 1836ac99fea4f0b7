"""Runs days: those of other processes that are gone, and what missed days left open."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from skim_core.cli.days.launch import DayRequest, conditions_of
from skim_core.cli.days.missed import MissedDay
from skim_core.cli.days.run import Conditions
from skim_core.cli.days.start import carry_out
from skim_core.cli.wanted import Wanted
from skim_core.errors import SkimError
from skim_core.plugins.phases import configured_graph
from skim_core.plugins.strategies import load_strategy
from skim_core.ports.journal import Journal
from skim_core.settings import Settings


def tell_loudly(what: str) -> None:
    """Tell on standard error: cron mails that, whatever becomes of the rest."""
    sys.stderr.write(f"skim: {what}\n")
    sys.stderr.flush()


def go_on(
    settings: Settings,
    journal: Journal,
    requests: Sequence[DayRequest],
    wanted: Wanted,
    conditions: Conditions | None = None,
) -> int:
    """Run days that can share a clock and a broker; return the exit code.

    An error is told and not raised: the days of others may hold positions.
    """
    try:
        return carry_out(settings, journal, requests, wanted, conditions)
    except SkimError as error:
        return _told(error, wanted)


def look_after(
    settings: Settings, journal: Journal, missed: Sequence[MissedDay], wanted: Wanted
) -> int:
    """Run the protective phases of missed days; return the exit code.

    That is 1 when a strategy has no protective phase: that nobody watches over what it has
    open is said then.
    """
    worst = 0
    parts: dict[str, tuple[Conditions, list[DayRequest]]] = {}
    for found in missed:
        tell_loudly(f"MISSED: {found.told}")
        try:
            watched = _is_watched(settings, found.day.strategy)
            conditions = _conditions(settings, found)
        except SkimError as error:
            worst = max(worst, _told(error, wanted))
            continue
        if watched:
            day = found.day
            request = DayRequest(day.strategy, day.session, day.account, missed=True)
            parts.setdefault(repr(conditions), (conditions, []))[1].append(request)
        else:
            worst = max(worst, 1)
            tell_loudly(
                f"nobody watches over what {found.day.strategy} has open: it has no protective "
                "phase. Look after it yourself; its stops at the broker stand."
            )
    for conditions, requests in parts.values():
        worst = max(worst, go_on(settings, journal, requests, wanted, conditions))
    return worst


def _told(error: SkimError, wanted: Wanted) -> int:
    if wanted.debug:
        raise error
    tell_loudly(str(error))
    return error.exit_code


def _is_watched(settings: Settings, strategy: str) -> bool:
    policies = settings.strategy(strategy)[1]
    graph = configured_graph(load_strategy(strategy), policies, settings.where)
    return any(phase.protective for phase in graph)


def _conditions(settings: Settings, missed: MissedDay) -> Conditions:
    """Return the conditions of the day that left something open, on the wall's time."""
    day = missed.day
    before = DayRequest(day.strategy, day.session, day.account, started=missed.latest)
    wanted = Conditions(settings.broker, settings.pace, settings.broker_options(settings.broker))
    then = conditions_of([before], wanted, settings)
    return Conditions(then.broker, "real", then.options)
