"""Strategies that the configuration disables: no day is begun but over what is still open."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from skim_core.cli.days.launch import DayRequest
from skim_core.cli.days.missed import MissedDay
from skim_core.clock.wall import WallClock
from skim_core.engine.carry import carried
from skim_core.errors import ConfigError
from skim_core.ports.journal import Journal
from skim_core.settings import Settings
from skim_core.settings.schema import ENABLED


def disabled_by(settings: Settings, strategy: str) -> str:
    """Say that a strategy is disabled, and where."""
    where = settings.where("strategy", strategy, ENABLED)
    return f"{strategy} is disabled ({where}: {ENABLED} = false)"


def without_disabled(
    requests: Sequence[DayRequest], journal: Journal, settings: Settings
) -> tuple[list[DayRequest], list[str]]:
    """Return the days to be run, and in words which of the others are not, and why.

    A day that has begun goes on. Of a disabled strategy that has something open a day is begun
    that looks after it, which is told on standard error: cron mails that. Raises ConfigError for
    one phase of a disabled strategy.
    """
    kept: list[DayRequest] = []
    reasons: list[str] = []
    for request in requests:
        if request.started is not None or settings.is_enabled(request.strategy):
            kept.append(request)
            continue
        why = disabled_by(settings, request.strategy)
        if request.only is not None:
            msg = f"{why}: set it to true, or remove it, to run {request.only}."
            raise ConfigError(msg)
        left = carried(journal, request.day, WallClock().now())
        if left:
            found = MissedDay(request.day, left=left)
            sys.stderr.write(
                f"skim: {why}, but it {found.open}: that is looked after, nothing is entered.\n"
            )
            kept.append(replace(request, disabled=True))
        else:
            reasons.append(f"{why} and has nothing open: nothing to do.")
    return kept, reasons
