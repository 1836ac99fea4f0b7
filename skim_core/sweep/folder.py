"""A sweep's folder: its plan, a replay's folder for each combination, and the results."""

from __future__ import annotations

import fcntl
import io
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from skim_core.errors import ConfigError, DataError
from skim_core.replay import folder as replays
from skim_core.replay.comparison import FIGURES
from skim_core.replay.tables import as_csv, as_json, write_new
from skim_core.sweep.grid import Parameter, number
from skim_core.sweep.plan import SweepPlan
from skim_core.sweep.results import Results, Row, document

PLAN, RUNS, PAGE = "sweep.json", "runs", "map.html"


@contextmanager
def opened(folder: Path, plan: SweepPlan) -> Iterator[None]:
    """Make `folder` for the sweep, or go on with it there, and keep other processes out of it.

    What a sweep that was killed left half-written is removed at the beginning, and what this
    one leaves at the end. Raises ConfigError when the folder holds anything else, can't be
    written, or another process works in it.
    """
    _check_place(folder, plan)
    _make(folder, plan)
    with _locked(folder):
        _tidy(folder)
        try:
            yield
        finally:
            _tidy(folder)


def is_done(run: Path, digest: str, *, journal: bool) -> bool:
    """Whether `run` holds the whole replay of the plan with that digest."""
    try:
        found = replays.read_plan(run).digest == digest
    except (ConfigError, DataError):
        return False
    needed = ("trades.json", "summary.json", *([replays.JOURNAL] if journal else []))
    return found and all((run / name).is_file() for name in needed)


def clear(run: Path) -> None:
    """Remove what an interrupted replay left in its folder."""
    for name in replays.FILES:
        (run / name).unlink(missing_ok=True)


def write_results(folder: Path, plan: SweepPlan, results: Results, page: str) -> None:
    """Write the results as JSON and CSV, as Parquet where polars is installed, and the page."""
    rows = [_flat(plan.parameters, row) for row in results.rows]
    with replays.staged(folder / "results") as aside:
        write_new(aside / "results.json", as_json(document(plan, results)))
        write_new(aside / "results.csv", as_csv(tuple(rows[0]), rows))
        if find_spec("polars") is not None:
            write_new(aside / "results.parquet", _parquet(plan.parameters, rows))
        write_new(aside / PAGE, page.encode())
        for file in sorted(aside.iterdir()):
            file.replace(folder / file.name)


def _flat(parameters: Sequence[Parameter], row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        **{_column(parameter.key): row.values[parameter.key] for parameter in parameters},
        **row.figures,
        "deflated_sharpe": row.deflated_sharpe,
        "failed_days": row.failed,
        "refused": row.refused or None,
    }


def _column(key: str) -> str:
    """Return a parameter's column: its key, marked where a figure has that name."""
    taken = {"number", *FIGURES, "deflated_sharpe", "failed_days", "refused"}
    return f"parameter.{key}" if key in taken else key


def _parquet(parameters: Sequence[Parameter], rows: Sequence[dict[str, Any]]) -> bytes:
    import polars as pl  # noqa: PLC0415  it takes long to import

    counts: dict[str, Any] = dict.fromkeys(("number", "trades", "wins", "failed_days"), pl.Int64)
    texts: dict[str, Any] = {"refused": pl.String}
    for parameter in parameters:
        numbers = [number(value) for value in parameter.values]
        column = _column(parameter.key)
        if None in numbers:
            texts[column] = pl.String
            continue
        texts[column] = pl.Float64
        by_text = dict(zip(parameter.values, numbers, strict=True))
        rows = [{**row, column: float(by_text[row[column]] or 0)} for row in rows]
    money = pl.Decimal(38, 8)
    schema = {name: texts.get(name) or counts.get(name) or money for name in rows[0]}
    content = io.BytesIO()
    pl.DataFrame(list(rows), schema=schema, orient="row").write_parquet(content)
    return content.getvalue()


def _check_place(folder: Path, plan: SweepPlan) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        found = SweepPlan.model_validate_json((folder / PLAN).read_bytes())
    except (OSError, ValidationError):
        found = None
    if found != plan:
        what = "something else" if found is None else "another sweep, or one of other data"
        msg = f"{folder} holds {what}: give another folder with --out, or remove it."
        raise ConfigError(msg)


def _make(folder: Path, plan: SweepPlan) -> None:
    with replays.staged(folder) as aside:
        write_new(aside / PLAN, plan.model_dump_json(indent=2).encode() + b"\n")
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / RUNS).mkdir(mode=0o700, exist_ok=True)
        (aside / PLAN).replace(folder / PLAN)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # The lock is the process's: it ends with it, however that ends.
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = f"another process is at this sweep in {folder}: wait for it, or end it."
            raise ConfigError(msg) from None
        yield
    finally:
        os.close(held)


def _tidy(folder: Path) -> None:
    """Remove folders in which something was being written when its process ended."""
    whole = folder.absolute()
    places = {whole.parent: re.escape(whole.name), whole: "results", whole / RUNS: r"\d+"}
    for place, name in places.items():
        for path in place.glob(".*"):
            # As `staged` names them.
            if re.fullmatch(rf"\.{name}-[a-z0-9_]{{8}}", path.name):
                shutil.rmtree(path, ignore_errors=True)
