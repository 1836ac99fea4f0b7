"""Lists of rows, as ``orders`` and its like print them: a table, CSV or JSON."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from skim_core.cli.output import Toned, as_text, echo, local_time, print_json, table
from skim_core.cli.wanted import Wanted
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.model.session import Session

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Listing:
    """A list as it is shown: each column of the table with the key of its value in a row.

    All that is in a row goes to JSON and CSV; `columns` are the keys of the latter.
    """

    name: str
    columns: tuple[str, ...]
    shown: Mapping[str, Callable[[Row], object]]

    def show(
        self,
        rows: Sequence[Row],
        wanted: Wanted,
        *,
        as_csv: bool,
        place: str = "in the journal",
        session: Session | None = None,
    ) -> int:
        """Print the rows as they were asked for; return the exit code.

        `place` is where they were looked for, said when there is none. With a `session` the
        table has its times in the exchange's zone, and says so; JSON and CSV have UTC.
        """
        if wanted.as_json and as_csv:
            msg = "--json and --csv are two forms: choose one."
            raise ConfigError(msg)
        if wanted.as_json:
            print_json({self.name: rows})
        elif as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows([as_text(row[column]) for column in self.columns] for row in rows)
        elif not rows:
            echo(f"skim: no {self.name} {place}.")
        else:
            told = [_in_its_time(row, session) for row in rows]
            cells = [[cell(row) for cell in self.shown.values()] for row in told]
            table(tuple(self.shown), cells)
            if session is not None:
                echo(f"{session.exchange}; times in {session.timezone}.", "aside")
        return ExitCode.DONE


def of(key: str, form: str = "") -> Callable[[Row], object]:
    """Return what formats a row's value of this key."""

    def cell(row: Row) -> object:
        value = row[key]
        return None if value is None else format(value, form)

    return cell


def toned(key: str) -> Callable[[Row], object]:
    """Return what shows money won or lost, in its colour."""

    def cell(row: Row) -> object:
        value = row[key]
        return Toned(f"{value:+,.2f}", "gain" if value > 0 else "loss" if value < 0 else "")

    return cell


def columns(*keys: str) -> Mapping[str, Callable[[Row], object]]:
    """Return columns that are headed by their keys."""
    return {key.replace("_", " "): of(key) for key in keys}


def _in_its_time(row: Row, session: Session | None) -> Row:
    if session is None:
        return row
    return {
        key: local_time(session, value) if isinstance(value, datetime) else value
        for key, value in row.items()
    }
