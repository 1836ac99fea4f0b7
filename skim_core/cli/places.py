"""Where the configuration says that things are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_core.calendar.sessions import SessionCalendar

if TYPE_CHECKING:
    from skim_core.journal.sqlite import SqliteJournal
    from skim_core.settings import Settings


def calendar_of(settings: Settings) -> SessionCalendar:
    """Return the calendar of the configured exchange."""
    return SessionCalendar(settings.exchange, settings.directory / "calendars")


def open_journal(settings: Settings) -> SqliteJournal:
    """Open the configured journal, making it when it is not there."""
    from skim_core.journal.sqlite import SqliteJournal

    return SqliteJournal.open(settings.journal_path)
