"""Scanners and filters: what extensions add to the phases that find candidates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from logging import Logger, LoggerAdapter
from typing import Protocol

from skim_core.errors import ConfigError, nearest
from skim_core.model.exchange import Exchange
from skim_core.model.market import Candidate
from skim_core.model.phases import Phase
from skim_core.model.session import Session
from skim_core.ports.clock import Clock
from skim_core.ports.context import Market


@dataclass(frozen=True)
class ScanContext:
    """What a scanner or a filter is given: everything of a phase but its strategy and orders."""

    session: Session
    exchange: Exchange
    clock: Clock
    market: Market
    log: LoggerAdapter[Logger]

    @property
    def now(self) -> datetime:
        """This instant, aware, in UTC."""
        return self.clock.now()


class Scanner(Protocol):
    """Looks for candidates beside a phase that names it in `scanners`."""

    @property
    def name(self) -> str:
        """What phases call it."""

    @property
    def priority(self) -> int:
        """Where its findings stand: the lowest first, the phase's own at 0 and before equals."""

    async def scan(self, ctx: ScanContext) -> Sequence[Candidate]:
        """Return what it finds now. A raise is told, and hurts no other scanner."""


class CandidateFilter(Protocol):
    """Drops candidates of a phase that names it in `filters`."""

    @property
    def name(self) -> str:
        """What phases call it."""

    async def drop(self, ctx: ScanContext, candidates: Sequence[Candidate]) -> Mapping[str, str]:
        """Return the symbols that are not to be traded, each with the reason.

        A raise fails the attempt: nobody could say what may be traded.
        """


@dataclass(frozen=True)
class Joining:
    """The scanners and filters of the loaded extensions, by name."""

    scanners: Mapping[str, Scanner] = field(default_factory=dict)
    filters: Mapping[str, CandidateFilter] = field(default_factory=dict)

    def check(self, phases: Iterable[Phase]) -> None:
        """Raise ConfigError for a phase that names a scanner or a filter that is not there."""
        for phase in phases:
            for kind, wanted, there in (
                ("scanner", phase.scanners, self.scanners),
                ("filter", phase.filters, self.filters),
            ):
                for name in wanted:
                    if name not in there:
                        known = ", ".join(sorted(there)) or "none"
                        msg = (
                            f"phase {phase.name!r} names the {kind} {name!r}, which no loaded "
                            f"extension has{nearest(name, there)}; there are: {known}. Correct the "
                            "name, install the extension, or add it to 'extensions'."
                        )
                        raise ConfigError(msg)
