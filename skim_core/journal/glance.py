"""One question to a journal file, answered without reading an event.

Cron's watchdog asks it every five minutes; most of the time that is all there is to do.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from skim_core.journal.failures import explain
from skim_core.journal.file import open_connection

# Steps from run to run along the primary key.
_UNFINISHED = """
WITH RECURSIVE run (run_id) AS (
    SELECT min(run_id) FROM events
    UNION ALL
    SELECT (SELECT min(run_id) FROM events WHERE run_id > run.run_id)
    FROM run WHERE run.run_id IS NOT NULL
)
SELECT 1 FROM run WHERE run_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM events WHERE run_id = run.run_id AND kind = 'day_finished'
) LIMIT 1
"""


def has_unfinished(path: Path, busy_timeout: timedelta = timedelta(seconds=5)) -> bool:
    """Whether the journal holds a run without a DayFinished.

    Raises JournalError as `SqliteJournal.open` does.
    """
    with closing(open_connection(path, busy_timeout)) as connection:
        try:
            return connection.execute(_UNFINISHED).fetchone() is not None
        except sqlite3.Error as error:
            raise explain(error, path, busy_timeout) from error
