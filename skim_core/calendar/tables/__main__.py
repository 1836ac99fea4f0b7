"""Write the bundled tables anew from the installed exchange_calendars."""

from __future__ import annotations

import sys
from pathlib import Path

from skim_core.calendar.year import build_year, write_year

EXCHANGES = ("XASX", "XNYS")
YEARS = range(2024, 2028)


def main() -> None:
    """Write one file for each exchange and year beside this module."""
    folder = Path(__file__).parent
    for mic in EXCHANGES:
        for year in YEARS:
            path = write_year(folder, build_year(mic, year))
            path.chmod(0o644)  # package data is for everyone, a user's cache is not
            sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
