"""Puts a report on the disk: whole or not at all, and over nothing but a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from skim_core.errors import ConfigError
from skim_core.report.model import Report
from skim_core.report.page.document import MARK as PAGE_MARK
from skim_core.report.page.document import render
from skim_core.report.tables import MARK as JSON_MARK
from skim_core.report.tables import TABLES, to_csv, to_json

FORMATS = ("html", "json", "csv")


def write_report(report: Report, place: Path, form: str) -> None:
    """Write the report in one of `FORMATS`: a file, for ``csv`` a folder of tables.

    Only this user may read it. Raises ConfigError when something else is at `place`, or when
    nothing can be written there.
    """
    if form == "csv":
        _write_tables(to_csv(report), place)
    elif form == "json":
        _check(place, JSON_MARK)
        _write(place, to_json(report))
    else:
        _check(place, PAGE_MARK)
        _write(place, render(report))


def _write_tables(tables: Mapping[str, str], folder: Path) -> None:
    known = {f"{name}.csv" for name in TABLES}
    if folder.exists() and not folder.is_dir():
        raise _other(folder)
    if folder.is_dir() and any(path.name not in known for path in folder.iterdir()):
        raise _other(folder)
    for name, text in tables.items():
        _write(folder / name, text)


def _check(place: Path, mark: str) -> None:
    """Refuse a place that holds anything but a report of this form."""
    if place.is_dir():
        raise _other(place)
    try:
        with place.open(encoding="utf-8", errors="replace") as file:
            found = file.read(len(mark))
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(place, error) from error
    if found not in {mark, ""}:
        raise _other(place)


def _write(place: Path, text: str) -> None:
    try:
        for above in reversed(place.absolute().parents):
            if not above.exists():
                above.mkdir(mode=0o700, exist_ok=True)
        with NamedTemporaryFile(
            "w",
            encoding="utf-8",
            newline="",
            dir=place.parent,
            prefix=f".{place.name}-",
            delete=False,
        ) as file:
            aside = Path(file.name)
            try:
                file.write(text)
                file.flush()
                aside.replace(place)
            except BaseException:
                aside.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise _unwritable(place, error) from error


def _other(place: Path) -> ConfigError:
    return ConfigError(
        f"{place} holds something else than a report of this form, and is left as it is: "
        "give another place with --out, or remove it."
    )


def _unwritable(place: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"a report can't be written to {place} ({error.strerror}): give this user the right to "
        "write there, or another place with --out."
    )
