"""What recorded bars must be, row by row, before they are traded on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from skim_core.errors import DataError
from skim_core.sim.tables import ROW

if TYPE_CHECKING:
    from pathlib import Path

    from skim_core.model.session import Session

_PRICES = ("open", "high", "low", "close")
_NS_PER_MINUTE = 60_000_000_000
_HIGHEST = 10**9
_LARGEST = 10**12
"""What no share has ever cost, nor traded in a minute; exact prices and counts hold more."""
_TICKER = r"^[A-Z0-9][A-Z0-9.\-]{0,11}$"


@dataclass(frozen=True)
class _Rule:
    """`broken` is true in the rows that break it; `found` is filled from the first of them."""

    broken: pl.Expr
    found: str
    mend: str


_TICKER_RULE = _Rule(
    ~pl.col("symbol").str.contains(_TICKER),
    "symbol is {symbol!r}",
    "expected a ticker as its exchange writes it: up to twelve capital letters, digits, '.', '-'",
)

_BAR_RULES = (
    _TICKER_RULE,
    _Rule(
        ~pl.all_horizontal(pl.col(*_PRICES, "volume").is_finite()),
        "{symbol} has open {open}, high {high}, low {low}, close {close}, volume {volume}",
        "expected finite numbers; a minute without a trade has no row: leave it out",
    ),
    _Rule(
        pl.any_horizontal(pl.col(*_PRICES) <= 0),
        "{symbol} has open {open}, high {high}, low {low}, close {close}",
        "expected prices above 0; a minute without a trade has no row: leave it out",
    ),
    _Rule(
        pl.any_horizontal(pl.col(*_PRICES) > _HIGHEST) | (pl.col("volume") > _LARGEST),
        "{symbol} has open {open}, high {high}, low {low}, close {close}, volume {volume}",
        f"expected prices up to {_HIGHEST:,} and volumes up to {_LARGEST:,}: correct the row",
    ),
    _Rule(
        pl.col("high") < pl.col("low"),
        "{symbol} has high {high} below low {low}",
        "expected low <= high: correct the row",
    ),
    _Rule(
        (pl.col("high") < pl.max_horizontal("open", "close"))
        | (pl.col("low") > pl.min_horizontal("open", "close")),
        "{symbol} has open {open} or close {close} outside low {low} to high {high}",
        "expected low <= open, close <= high: correct the row",
    ),
    _Rule(
        pl.col("volume") < 0,
        "{symbol} has volume {volume}",
        "expected shares traded in the minute, 0 or more: correct the row",
    ),
    _Rule(
        pl.col("ts") < datetime(1971, 1, 1, tzinfo=UTC),
        "{symbol} has ts {ts}",
        "expected nanoseconds since 1970: convert seconds, milliseconds or microseconds to them",
    ),
    _Rule(
        pl.col("ts").cast(pl.Int64) % _NS_PER_MINUTE != 0,
        "{symbol} has ts {ts}",
        "expected the start of a minute, to the nanosecond: use one-minute bars, label each "
        "with its start",
    ),
)

_ORDER_RULES = (
    _Rule(
        pl.col("ts") == pl.col("before"),
        "{symbol} has {ts} twice",
        "expected one bar for each minute: remove one of them",
    ),
    _Rule(
        pl.col("ts") < pl.col("before"),
        "{symbol} has {ts} after its {before}",
        "expected each symbol's rows in order of time: sort the file by symbol and ts",
    ),
)

_CLOSE_RULES = (
    _TICKER_RULE,
    _Rule(
        ~pl.col("close").is_finite() | (pl.col("close") <= 0) | (pl.col("close") > _HIGHEST),
        "{symbol} closed at {close} on {date}",
        f"expected a price above 0 and up to {_HIGHEST:,}: correct the row, or leave it out",
    ),
    _Rule(
        pl.struct("symbol", "date").is_duplicated(),
        "{symbol} has {date} twice",
        "expected one row for each date: remove one of them",
    ),
)


def check_bars(path: Path, frame: pl.DataFrame) -> None:
    """Refuse minute bars that can't be. Raises DataError naming the file and the row."""
    _check(path, frame, _BAR_RULES)
    _check(path, frame.with_columns(before=pl.col("ts").shift().over("symbol")), _ORDER_RULES)


def check_closes(path: Path, frame: pl.DataFrame) -> None:
    """Refuse daily closes that can't be. Raises DataError naming the file and the row."""
    _check(path, frame, _CLOSE_RULES)


def check_hours(path: Path, frame: pl.DataFrame, session: Session) -> None:
    """Refuse bars outside the session's hours. Raises DataError naming the file and the row."""
    inside = _inside(pl.col("ts"), session)
    if frame.select(inside.all()).item():
        return
    rule = _Rule(
        ~inside,
        "{symbol} has a bar at {ts}",
        f"expected the session's minutes, {session.open:%Y-%m-%d %H:%M} up to but without "
        f"{session.close:%Y-%m-%d %H:%M} UTC: {_mend_hours(frame, session)}",
    )
    _check(path, frame, (rule,))


def _inside(instant: pl.Expr, session: Session) -> pl.Expr:
    return (instant >= session.open) & (instant < session.open + timedelta(minutes=session.minutes))


def _mend_hours(frame: pl.DataFrame, session: Session) -> str:
    local = (
        pl.col("ts")
        .dt.replace_time_zone(None)
        .dt.replace_time_zone(session.timezone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
    )
    minute = timedelta(minutes=1)
    as_local, as_end = frame.select(
        _inside(local, session).fill_null(value=False).all().alias("local"),
        _inside(pl.col("ts") - minute, session).all().alias("end"),
    ).row(0)
    if as_local:
        return (
            f"the timestamps look like local time ({session.timezone}) marked as UTC; "
            "convert them to UTC"
        )
    if as_end:
        return "the timestamps look like the minutes' ends; label each bar with its start"
    return "leave other bars out, or see whether the file is of another session"


def _check(path: Path, frame: pl.DataFrame, rules: tuple[_Rule, ...]) -> None:
    broken = frame.select(
        rule.broken.any().alias(str(index)) for index, rule in enumerate(rules)
    ).row(0)
    for is_broken, rule in zip(broken, rules, strict=True):
        if is_broken:
            row = frame.filter(rule.broken).row(0, named=True)
            found = rule.found.format(**{name: _written(value) for name, value in row.items()})
            msg = f"{path}, row {row[ROW]}: {found}; {rule.mend}."
            raise DataError(msg)


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value
