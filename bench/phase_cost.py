"""What a phase costs in the local engine, against the bare cost of its durable commits.

Run: python bench/phase_cost.py. One strategy with a chain of phases that do nothing, on
virtual time, journaled in SQLite; then the same rows in the same commits by bare sqlite3.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import event_to_json
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase
from skim_core.ports.context import Context
from skim_core.testing.scripted import DayLab, ScriptedStrategy

PHASES = 8


async def nothing(_ctx: Context[Any]) -> None:
    """Do nothing, as every phase here."""


def chain(length: int) -> PhaseGraph:
    """Return a graph of phases that follow one another."""
    return PhaseGraph(
        *(Phase(f"p{n}", after=f"p{n - 1}" if n else (), hook="skim_setup") for n in range(length))
    )


async def run_days(journal: SqliteJournal, days: int) -> float:
    """Run days side by side; return the seconds taken."""
    lab, graph = DayLab(journal), chain(PHASES)
    assignments = [
        lab.assignment(ScriptedStrategy(f"s{n}", {"setup": nothing}), graph) for n in range(days)
    ]
    began = time.perf_counter()
    results = await lab.run(*assignments)
    taken = time.perf_counter() - began
    if any(result.end != "completed" for result in results):
        msg = f"the days did not complete: {results}"
        raise SystemExit(msg)
    return taken


def bare_commits(folder: Path, rows: Sequence[tuple[str, int, str, str, str]]) -> float:
    """Return the seconds that the day's commits take by sqlite3 alone.

    Two a phase: requested and started together (normal), completed (full sync).
    """
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(
        "CREATE TABLE events (run_id TEXT, sequence INTEGER, at TEXT, kind TEXT, body TEXT, "
        "PRIMARY KEY (run_id, sequence)) STRICT, WITHOUT ROWID"
    )
    insert = "INSERT INTO events VALUES (?, ?, ?, ?, ?)"
    began = time.perf_counter()
    index = 0
    while index < len(rows):
        together = 2 if rows[index][3] == "phase_requested" else 1
        connection.execute(f"PRAGMA synchronous={'NORMAL' if together == 2 else 'FULL'}")  # noqa: PLR2004
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, rows[index : index + together])
        connection.execute("COMMIT")
        index += together
    taken = time.perf_counter() - began
    connection.close()
    return taken


def one_round(days: int) -> tuple[float, float]:
    """Return the seconds of the engine and of the bare commits for so many days."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "journal"
        journal = SqliteJournal.open(folder / "journal.sqlite")
        taken = asyncio.run(run_days(journal, days))
        rows = [
            (
                record.run_id,
                record.sequence,
                record.event.at.isoformat(),
                record.event.kind,
                event_to_json(record.event),
            )
            for summary in journal.runs()
            for record in journal.read(summary.run_id)
        ]
        journal.close()
        return taken, bare_commits(folder, rows)


def main(rounds: int) -> None:
    """Print medians and ratios."""
    print(f"{PHASES} phases a day, {rounds} rounds; milliseconds a phase")
    for days in (1, 5, 10, 25, 50):
        pairs = [one_round(days) for _ in range(rounds)]
        phases = days * PHASES
        engine = statistics.median(taken for taken, _ in pairs) / phases * 1000
        bare = statistics.median(taken for _, taken in pairs) / phases * 1000
        ratio = statistics.median(taken / commits for taken, commits in pairs)
        print(
            f"{days:3d} strategies: engine {engine:6.3f}, bare commits {bare:6.3f}, "
            f"ratio, median of pairs {ratio:5.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
