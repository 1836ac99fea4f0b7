"""The scanner of announcements: shares with price-sensitive news this morning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path

from skim_asx.config import AnnouncementsConfig
from skim_asx.fetching import Pages
from skim_asx.page import SYDNEY, Announcement, Page
from skim_core import Candidate, Clock, ScanContext
from skim_core.cli import WallClock

CLOSE = time(16, 0)
"""When trading ends, in Sydney: what is published later is the next session's news."""


class AnnouncementScanner:
    """Finds what had price-sensitive news on the day of the session, up to now.

    With `after_close` also what had some after the close of the trading day before.

    For a session that is not today's it reads the page that was saved on its day.
    """

    name = "announcements"
    priority = 20

    def __init__(
        self, config: AnnouncementsConfig, folder: Path, wall: Clock | None = None
    ) -> None:
        self._config = config
        self._wall = wall or WallClock()
        self._pages = Pages(config, folder, self._wall)

    async def scan(self, ctx: ScanContext) -> Sequence[Candidate]:
        """Return a candidate for each share with news. Raises DataError when nobody can know."""
        day = ctx.session.date
        pages = [await self.page_of(day)]
        since = datetime.combine(day, time(), SYDNEY)
        if self._config.after_close:
            pages.append(await self._before(day))
            latest = max(each.local_time.date() for each in pages[-1].announcements)
            since = datetime.combine(latest, CLOSE, SYDNEY)
        for fault in (fault for page in pages for fault in page.faults):
            ctx.log.warning("announcements: %s", fault)
        announcements = [each for page in pages for each in page.announcements]
        return candidates(announcements, since, ctx.now, self._config)

    async def page_of(self, day: date) -> Page:
        """Return the page of a day. Raises DataError as `Pages` does."""
        return await self._pages.today(day) if self._is_today(day) else self._pages.saved(day)

    async def _before(self, day: date) -> Page:
        if self._is_today(day):
            return await self._pages.before(day)
        return self._pages.saved(day, before=True)

    def _is_today(self, day: date) -> bool:
        return day == self._wall.now().astimezone(SYDNEY).date()


def candidates(
    announcements: Iterable[Announcement],
    since: datetime,
    now: datetime,
    config: AnnouncementsConfig,
) -> list[Candidate]:
    """Return the shares that had price-sensitive news from `since` until `now`, the latest first.

    One with several announcements is one candidate, with the latest headline.
    """
    found: dict[str, list[Announcement]] = {}
    for each in sorted(announcements, key=lambda each: each.published, reverse=True):
        wanted = each.symbol in config.include if config.include else True
        if (
            each.sensitive
            and wanted
            and each.symbol not in config.exclude
            and since <= each.published <= now
        ):
            found.setdefault(each.symbol, []).append(each)
    return [_candidate(symbol, several) for symbol, several in found.items()]


def _candidate(symbol: str, several: Sequence[Announcement]) -> Candidate:
    times = ", ".join(f"{each.local_time:%H:%M}" for each in reversed(several))
    return Candidate(
        symbol=symbol, reason=f"price-sensitive news {times}", headline=several[0].headline
    )
