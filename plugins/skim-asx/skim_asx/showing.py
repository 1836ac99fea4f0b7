"""The work of ``skim announcements``."""

from __future__ import annotations

import asyncio

from skim_asx.page import SYDNEY, Announcement
from skim_asx.places import load_config
from skim_asx.scanner import AnnouncementScanner
from skim_core.cli import Toned, WallClock, Wanted, echo, parse_date, print_json, table
from skim_core.errors import ExitCode


def show_announcements(wanted: Wanted, day: str | None, *, every: bool) -> int:
    """Show the announcements of a day, today's when not told otherwise; return the exit code.

    Raises DataError when they can't be had, ConfigError for no date.
    """
    config, directory = load_config(wanted)
    date = parse_date(day, "--date") if day else WallClock().now().astimezone(SYDNEY).date()
    scanner = AnnouncementScanner(config.announcements, directory / "announcements")
    page = asyncio.run(scanner.page_of(date))
    shown = [each for each in page.announcements if every or each.sensitive]
    if wanted.as_json:
        print_json(
            {
                "date": date,
                "announcements": [_row(each) for each in shown],
                "faults": list(page.faults),
            }
        )
        return ExitCode.DONE
    for fault in page.faults:
        echo(f"left out: {fault}", "warning")
    if not shown:
        echo(f"No price-sensitive announcement on {date} so far.")
        return ExitCode.DONE
    rows = [
        (
            f"{each.local_time:%H:%M}",
            Toned(each.symbol, "title"),
            "!" if each.sensitive else "",
            each.headline,
            each.url,
        )
        for each in shown
    ]
    table(("Sydney", "code", "", "headline", "link"), rows)
    return ExitCode.DONE


def _row(each: Announcement) -> dict[str, object]:
    return {
        "symbol": each.symbol,
        "published": each.published,
        "local_time": each.local_time.isoformat(),
        "sensitive": each.sensitive,
        "headline": each.headline,
        "url": each.url,
    }
