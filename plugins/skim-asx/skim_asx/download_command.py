"""The work of ``skim download_data`` and ``skim import_data``."""

from __future__ import annotations

import asyncio
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from skim_asx.cooltrader import CoolTrader, read_login
from skim_asx.downloading import Report, download
from skim_asx.eod import read_rows
from skim_asx.page import SYDNEY
from skim_asx.places import load_config
from skim_asx.store import Store
from skim_core.cli import SessionCalendar, WallClock, Wanted, echo, print_json
from skim_core.errors import ConfigError, DataError, ExitCode

_EXCHANGE = "XASX"


@dataclass(frozen=True)
class Asked:
    """Which days are wanted: one, or those from the first to the last.

    `after` is the time in Sydney before which nothing is downloaded; None: at any time.
    """

    day: str | None
    first: str | None
    last: str | None
    again: bool = False
    after: str | None = None


def run_download(asked: Asked, wanted: Wanted, data: Path | None) -> int:
    """Download the days; return 1 when one is not there in the end.

    Raises ConfigError for dates and times that are none, and when CoolTrader lets nobody in.
    """
    config, directory = load_config(wanted)
    now = WallClock().now().astimezone(SYDNEY)
    today = now.date()
    first, last = _span(asked, today)
    if asked.after is not None and now.time() < _time(asked.after):
        if wanted.as_json:
            print_json(_as_json(Report()))
        else:
            echo(f"It is {now:%H:%M} in Sydney: nothing is downloaded before {asked.after}.")
        return ExitCode.DONE
    if first > today:
        msg = f"{first} is yet to come: today is {today} in Sydney."
        raise ConfigError(msg)
    calendar = SessionCalendar(_EXCHANGE, wanted.settings().directory / "calendars")
    days = [session.date for session in calendar.sessions(first, min(last, today))]
    if not days:
        span = str(first) if first == last else f"{first} to {last}"
        if wanted.as_json:
            print_json(_as_json(Report()))
        else:
            echo(f"{_EXCHANGE} had no session on {span}: there is nothing to download.")
        return ExitCode.DONE
    store = Store(data or config.data_folder(directory))
    login = read_login(config.cooltrader, os.environ)

    async def fetched(told: Callable[[date], None]) -> Report:
        async with CoolTrader(config.cooltrader, login) as source:
            return await download(days, source, store, again=asked.again, told=told)

    with _progress(len(days), shown=not wanted.as_json) as told:
        report = asyncio.run(fetched(told))
    if wanted.as_json:
        print_json(_as_json(report))
    else:
        _print(report, store)
    return ExitCode.DONE if report.complete else ExitCode.FAILED


def run_import(paths: Sequence[Path], wanted: Wanted, data: Path | None) -> int:
    """Merge CSV files, folders of them and zip archives into the store; return the exit code.

    All or none: raises DataError for the first file that is no file of prices.
    """
    config, directory = load_config(wanted)
    store = Store(data or config.data_folder(directory))
    files = list(_files(paths))
    if not files:
        msg = f"there is no .csv file in {', '.join(map(str, paths))}: name files, folders or zips."
        raise DataError(msg)
    unsound, frames = 0, []
    for name, content in files:
        rows = read_rows(content, name)
        frames.append(rows.frame)
        unsound += rows.unsound
    new = store.merge(frames)
    if wanted.as_json:
        print_json({"files": len(files), "rows": new, "left_out": unsound})
    else:
        echo(f"{len(files)} files: {new:,} new rows in {store.parquet}, {unsound} left out.")
    return ExitCode.DONE


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield every CSV file by its name, in the order in which the later counts."""
    for path in paths:
        if path.is_dir():
            for each in sorted(path.rglob("*.csv")):
                yield str(each), each.read_bytes()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in sorted(archive.namelist()):
                    if name.lower().endswith(".csv"):
                        yield f"{path}:{name}", archive.read(name)
        else:
            try:
                yield str(path), path.read_bytes()
            except OSError as error:
                msg = f"{path} can't be read ({error.strerror}): name a file, a folder or a zip."
                raise DataError(msg) from None


def _span(asked: Asked, today: date) -> tuple[date, date]:
    if asked.day is not None and (asked.first or asked.last):
        msg = "give one day, or --from and --to, not both."
        raise ConfigError(msg)
    if asked.first is None and asked.last is None:
        day = _date(asked.day or "today", today)
        return day, day
    if asked.first is None:
        msg = "--to needs --from: the first day."
        raise ConfigError(msg)
    first, last = _date(asked.first, today), _date(asked.last or "today", today)
    if last < first:
        msg = f"--to {last} is before --from {first}: put the earlier day first."
        raise ConfigError(msg)
    return first, last


def _date(text: str, today: date) -> date:
    if text in {"today", "td"}:
        return today
    if text in {"yesterday", "yd"}:
        return today - timedelta(days=1)
    for form in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day, not an instant
        except ValueError:
            continue
    msg = f"{text!r} is no day: write today, yesterday, 2026-01-30 or 20260130."
    raise ConfigError(msg)


def _time(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  of a day in Sydney
    except ValueError:
        msg = f"--after {text!r} is no time of day: write it as 19:30."
        raise ConfigError(msg) from None


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[Callable[[date], None]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    if not shown or not sys.stderr.isatty():
        yield lambda _day: None
        return
    from rich.console import Console  # noqa: PLC0415  it takes long to import
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("end-of-day files", total=total)
        yield lambda day: progress.update(task, advance=1, description=str(day))


def _print(report: Report, store: Store) -> None:
    for day, why in report.failed.items():
        _warn(f"{day}: {why}")
    for day in report.absent:
        _warn(f"{day}: CoolTrader has no file (yet).")
    for day, count in report.left_out.items():
        echo(f"{day}: {count} unsound rows left out.", "warning")
    echo(
        f"{len(report.downloaded)} downloaded, {len(report.already)} there already, "
        f"{len(report.absent)} not to be had, {len(report.failed)} failed; "
        f"{report.rows:,} new rows in {store.parquet}."
    )


def _warn(text: str) -> None:
    """Tell on standard error, which cron mails also where it throws the rest away."""
    shown = "".join(mark if mark.isprintable() else "?" for mark in text)
    sys.stderr.write(f"skim: {shown}\n")


def _as_json(report: Report) -> dict[str, object]:
    return {
        "downloaded": report.downloaded,
        "already": report.already,
        "absent": report.absent,
        "failed": {str(day): why for day, why in report.failed.items()},
        "left_out": {str(day): count for day, count in report.left_out.items()},
        "rows": report.rows,
    }
