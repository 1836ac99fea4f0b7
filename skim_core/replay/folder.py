"""A replay's folder: written aside, and put in its place whole."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from skim_core.errors import ConfigError, DataError, JournalError
from skim_core.journal.sqlite import SqliteJournal
from skim_core.replay.plan import Plan
from skim_core.replay.sessions import Run
from skim_core.replay.tables import as_csv, as_json, no_room, write_new
from skim_core.replay.trades import COLUMNS, Trade

PLAN = "plan.json"
JOURNAL = "journal.sqlite"
FILES = (PLAN, JOURNAL, "trades.csv", "trades.json", "trades.parquet", "summary.json")
"""The files of a replay; no other in its folder is ever touched. The table of trades is in
``trades.parquet`` too where polars is installed."""

_INSERT = "INSERT INTO events (run_id, sequence, at, kind, body) VALUES (?, ?, ?, ?, ?)"


def read_plan(folder: Path) -> Plan:
    """Return the plan of the replay in `folder`.

    Raises ConfigError when there is none, and DataError when it can't be read.
    """
    path = folder / PLAN
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        msg = f"{folder} is no replay's folder, it has no {PLAN}: name the folder of a replay."
        raise ConfigError(msg) from None
    except OSError as error:
        msg = f"{path} can't be read ({error.strerror}): give this user the right to read it."
        raise DataError(msg) from error
    try:
        return Plan.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = f"{path} is no plan of a replay of this skim: {where}: {first['msg']}. Replay anew."
        raise DataError(msg) from error


def check_place(folder: Path, plan: Plan) -> None:
    """Raise ConfigError when `folder` holds anything but this very replay."""
    try:
        if not any(folder.iterdir()):
            return
    except FileNotFoundError:
        return
    except NotADirectoryError:
        msg = f"{folder} is a file, or lies in one: give a folder with --out."
        raise ConfigError(msg) from None
    except OSError as error:
        msg = f"{folder} can't be read ({error.strerror}): give another folder with --out."
        raise ConfigError(msg) from error
    if read_plan(folder) != plan:
        msg = (
            f"{folder} holds another replay: give another folder with --out, or remove it; "
            f"'skim replay --again {folder}' repeats that one."
        )
        raise ConfigError(msg)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a folder to write in, beside `folder`; what is left of it at the end is removed.

    Raises ConfigError when nothing can be written there.
    """
    try:
        # One by one: mkdir's own `parents` would let others into those above.
        for above in reversed(folder.absolute().parents):
            if not above.exists():
                above.mkdir(mode=0o700, exist_ok=True)
        aside = TemporaryDirectory(dir=folder.absolute().parent, prefix=f".{folder.name}-")
    except OSError as error:
        msg = (
            f"a replay can't be written to {folder} ({error.strerror}): give this user the "
            "right to write there, or another folder with --out."
        )
        raise ConfigError(msg) from error
    with aside as name:
        yield Path(name)


def put_in_place(aside: Path, folder: Path) -> None:
    """Make `aside` the replay's folder; into one that is there its files go, the plan last.

    Raises ConfigError when that can't be.
    """
    try:
        if not folder.exists() or not any(folder.iterdir()):
            aside.replace(folder)
            return
        for name in reversed(FILES):
            if (aside / name).exists():
                (aside / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise no_room(folder, error) from error


def differing(aside: Path, folder: Path) -> list[str]:
    """Return the names of the replay's files that are not the same bytes in both folders."""
    return [name for name in FILES if _content(aside / name) != _content(folder / name)]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


class JournalWriter:
    """Writes a replay's runs into a journal of its own, the same bytes for the same runs.

    It is not safe from a crash before it is closed: until then nobody knows of the file.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / JOURNAL
        # Made by the journal itself: skim's other commands read it.
        SqliteJournal.open(path).close()
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")

    def add(self, runs: Sequence[Run]) -> None:
        """Append all events of the runs. Raises JournalError when they can't be written."""
        rows = (
            (run.run_id, sequence, *row)
            for run in runs
            for sequence, row in enumerate(run.rows, start=1)
        )
        try:
            self._connection.execute("BEGIN")
            self._connection.executemany(_INSERT, rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            msg = f"the replay's journal can't be written ({error}): make room on the disk."
            raise JournalError(msg) from error

    def close(self) -> None:
        """Finish the file."""
        self._connection.close()


class NoJournal:
    """Stands for a journal that is not wanted."""

    def add(self, runs: Sequence[Run]) -> None:
        """Forget the runs."""

    def close(self) -> None:
        """Do nothing."""


def write_plan(folder: Path, plan: Plan) -> None:
    """Write ``plan.json``."""
    write_new(folder / PLAN, plan.model_dump_json(indent=2).encode() + b"\n")


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write ``summary.json``."""
    write_new(folder / "summary.json", as_json(summary))


def write_trades(folder: Path, trades: Sequence[Trade]) -> None:
    """Write the table of trades as CSV and JSON, and as Parquet where polars is installed."""
    rows = [trade.row() for trade in trades]
    write_new(folder / "trades.json", as_json(rows))
    write_new(folder / "trades.csv", as_csv(COLUMNS, rows))
    if find_spec("polars") is not None:
        write_new(folder / "trades.parquet", _parquet(rows))


def _parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    import polars as pl  # noqa: PLC0415  it takes long to import

    money, instant = pl.Decimal(38, 8), pl.Datetime("us", "UTC")
    schema: dict[str, Any] = dict.fromkeys(COLUMNS, money) | {
        "strategy": pl.String,
        "session": pl.Date,
        "symbol": pl.String,
        "side": pl.String,
        "quantity": pl.Int64,
        "entered_at": instant,
        "exited_at": instant,
        "r_multiple": pl.Decimal(38, 4),
        "exit_reason": pl.String,
        "held_overnight": pl.Boolean,
    }
    content = io.BytesIO()
    pl.DataFrame(list(rows), schema=schema, orient="row").write_parquet(content)
    return content.getvalue()
