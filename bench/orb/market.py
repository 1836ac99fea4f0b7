"""The market of the ORB reference: the same bars for every engine that is compared."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skim_core.calendar.sessions import SessionCalendar
from skim_core.model.session import Session

EXCHANGE = "XASX"
MINUTES = 360
FIRST, LAST = date(2025, 7, 1), date(2026, 11, 20)
"""From here on the whole exchange opens at one time."""

_SETTINGS = """\
exchange = "{}"
broker = "sim"

[brokers.sim]
participation = "none"
cash = 1000000000

[strategy.orb_reference]
symbols = {}
"""

Bars = NDArray[np.float64]
"""Sessions x symbols x minutes x (open, high, low, close, volume)."""


def generate(symbols: int, days: int, seed: int = 1) -> Bars:
    """Return the bars: gaps of 2 %, minutes of 0.12 %, livelier in the first and last half hour."""
    random = np.random.default_rng(seed)
    spread = np.full(MINUTES, 0.0012)
    spread[:30] *= 1.8
    spread[-30:] *= 1.8
    last = random.uniform(2, 40, symbols)
    bars = np.empty((days, symbols, MINUTES, 5))
    for day in range(days):
        first = np.maximum(last * (1 + random.normal(0, 0.02, symbols)), 0.5)
        moves = random.normal(0, 1, (symbols, MINUTES)) * spread
        close = np.round(first[:, None] * np.cumprod(1 + moves, axis=1), 2)
        opened = np.concatenate([np.round(first, 2)[:, None], close[:, :-1]], axis=1)
        up, down = np.abs(random.normal(0, 1, (2, symbols, MINUTES))) * spread * 0.5
        upper, lower = np.maximum(opened, close), np.minimum(opened, close)
        bars[day, ..., 0] = opened
        bars[day, ..., 1] = np.maximum(np.round(upper * (1 + up), 2), upper)
        bars[day, ..., 2] = np.minimum(np.maximum(np.round(lower * (1 - down), 2), 0.01), lower)
        bars[day, ..., 3] = close
        bars[day, ..., 4] = random.integers(100, 5000, (symbols, MINUTES))
        last = close[:, -1]
    return bars


def symbol_names(count: int) -> list[str]:
    """Return the symbols, alphabetical."""
    return [f"S{number:03d}" for number in range(count)]


def sessions(days: int) -> list[Session]:
    """Return the first whole sessions of the exchange, half days left out."""
    with TemporaryDirectory() as cache:
        calendar = SessionCalendar(EXCHANGE, Path(cache))
        found = calendar.sessions(FIRST, LAST)
    return [session for session in found if session.minutes == MINUTES][:days]


def write(bars: Bars, folder: Path) -> list[Session]:
    """Record the bars as skim reads them, and return their sessions."""
    days, count = bars.shape[:2]
    dates, names = sessions(days), symbol_names(count)
    minutes = folder / "bars_1m" / EXCHANGE
    minutes.mkdir(parents=True)
    prices = ("open", "high", "low", "close", "volume")
    for session, day in zip(dates, bars, strict=True):
        opened = np.datetime64(session.open.replace(tzinfo=None), "ns")
        times = opened + np.arange(MINUTES) * np.timedelta64(60_000_000_000, "ns")
        frame = pl.DataFrame(
            {
                "symbol": np.repeat(names, MINUTES),
                "ts": pl.Series(np.tile(times, count)).dt.replace_time_zone("UTC"),
                **{name: day[..., place].ravel() for place, name in enumerate(prices)},
            }
        )
        frame.write_parquet(minutes / f"{session.date}.parquet")
    first = bars[0, :, 0, 0]
    daily = {"symbol": names, "date": [np.datetime64(dates[0].date, "D").item()] * count}
    before = pl.DataFrame(daily).with_columns(pl.col("date").dt.offset_by("-1d"))
    prices_before = dict.fromkeys(prices[:4], first)
    (folder / "bars_1d").mkdir()
    before.with_columns(
        *(pl.Series(name, values) for name, values in prices_before.items()),
        pl.lit(1.0).alias("volume"),
    ).write_parquet(folder / "bars_1d" / f"{EXCHANGE}.parquet")
    (folder / "skim.toml").write_text(_SETTINGS.format(EXCHANGE, json.dumps(names)), "utf-8")
    return dates
