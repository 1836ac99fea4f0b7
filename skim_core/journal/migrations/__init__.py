"""The numbered steps that bring a journal's file to the present format.

Each ``NNNN_what_it_does.sql`` is applied once, in one transaction, and never changed after
it was released; the number of the last one is the file's ``user_version``.
"""

from __future__ import annotations

import sqlite3
from functools import cache

from skim_core.journal.transactions import transaction

LATEST = 2
"""The number of the last migration, which is this version's format."""


def migrate(connection: sqlite3.Connection, application_id: int) -> None:
    """Apply what is missing. Several processes may do so at once; one does the work.

    Raises sqlite3.Error; the file is then as it was before the failing step.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version >= LATEST:
        return
    for number, script in _scripts():
        if number > version:
            _apply(connection, number, script, application_id)


@cache
def _scripts() -> list[tuple[int, str]]:
    # Only here: a journal of the present format needs none of this.
    from importlib.resources import files  # noqa: PLC0415

    found = sorted(
        (entry for entry in files(__name__).iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    return [(int(entry.name[:4]), entry.read_text(encoding="utf-8")) for entry in found]


def _apply(connection: sqlite3.Connection, number: int, script: str, application_id: int) -> None:
    with transaction(connection):
        # Another process may have applied it while this one waited for the lock.
        if connection.execute("PRAGMA user_version").fetchone()[0] >= number:
            return
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {application_id}")
        connection.execute(f"PRAGMA user_version = {number}")


def _statements(script: str) -> list[str]:
    # sqlite3's executescript would commit the transaction first.
    statements: list[str] = []
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            statements.append(statement)
            statement = ""
    return statements
