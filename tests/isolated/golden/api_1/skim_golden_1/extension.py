"""The extension: an observer that writes a day down, a scanner and a filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from skim_core import (
    Candidate,
    CandidateFilter,
    ExtensionSetup,
    GapScan,
    Observer,
    ScanContext,
    Scanner,
    TradingDay,
    hookimpl,
)
from skim_core.events import Event, event_to_json
from skim_golden_1.config import ExtensionConfig


class Written:
    """Writes each event down as one line of JSON."""

    def __init__(self, folder: Path) -> None:
        """Write into a folder that may not be there yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "events.jsonl").open("a", encoding="utf-8")

    def hear(self, event: Event, day: TradingDay) -> None:
        """Write an event, after the day's strategy."""
        self._file.write(f"{day.strategy} {event_to_json(event)}\n")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Widest:
    """Finds the widest gaps of all."""

    name = "golden_widest"
    priority = 10

    async def scan(self, ctx: ScanContext) -> Sequence[Candidate]:
        """Return the three that gapped widest."""
        rows = await ctx.market.scan(GapScan(minimum_percent=Decimal(1), limit=3))
        return [Candidate(symbol=row.symbol, reason="among the widest gaps") for row in rows]


class NotCheap:
    """Drops what is cheap."""

    name = "golden_not_cheap"

    def __init__(self, minimum: Decimal) -> None:
        """Keep what trades at this price or above it."""
        self._minimum = minimum

    async def drop(self, ctx: ScanContext, candidates: Sequence[Candidate]) -> Mapping[str, str]:
        """Return what trades below the lowest price."""
        quotes = await ctx.market.quotes([each.symbol for each in candidates])
        return {
            symbol: f"costs {quote.last:f}"
            for symbol, quote in quotes.items()
            if quote.last < self._minimum
        }


class Extension:
    """The extension itself: a class, whose methods are the hooks."""

    api_version = 1

    @hookimpl
    def skim_config_model(self) -> type[ExtensionConfig]:
        """Return the model of the settings."""
        return ExtensionConfig

    @hookimpl
    def skim_make_observer(self, setup: ExtensionSetup[ExtensionConfig]) -> Observer:
        """Make what writes the events down."""
        return Written(setup.directory)

    @hookimpl
    def skim_make_scanners(self, setup: ExtensionSetup[ExtensionConfig]) -> list[Scanner]:
        """Make the scanner."""
        return [Widest()]

    @hookimpl
    def skim_make_filters(self, setup: ExtensionSetup[ExtensionConfig]) -> list[CandidateFilter]:
        """Make the filter."""
        return [NotCheap(setup.config.price_minimum)]
