"""The historical filter: what a share has done in three and six months decides if it is traded."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from skim_asx.config import HistoryConfig
from skim_asx.performance import until
from skim_asx.store import Store
from skim_core import Candidate, ScanContext
from skim_core.errors import DataError

THREE_MONTHS, SIX_MONTHS = 90, 180
"""Calendar days."""


@dataclass(frozen=True)
class Made:
    """What a share made in a span: its return in per cent, and its mean volume in shares."""

    return_percent: float
    volume: float


class HistoryFilter:
    """Drops candidates by their past prices. It sees nothing of the session's day or later."""

    def __init__(self, name: str, rules: HistoryConfig, store: Store) -> None:
        self._name = name
        self._rules = rules
        self._store = store

    @property
    def name(self) -> str:
        """What phases call it."""
        return self._name

    async def drop(self, ctx: ScanContext, candidates: Sequence[Candidate]) -> Mapping[str, str]:
        """Return the symbols that its rules drop, and why.

        Raises DataError when the prices are not there or too old to tell.
        """
        if not candidates:
            return {}
        symbols = {found.symbol for found in candidates}
        # Reading the file takes some hundredths of a second, for which nothing else is held up.
        return await asyncio.to_thread(self._judged, symbols, ctx.session.date)

    def _judged(self, symbols: Collection[str], day: date) -> dict[str, str]:
        prices = self._store.frame().filter(pl.col("date") < day)
        newest = prices["date"].max()
        if not isinstance(newest, date):
            msg = f"there are no prices before {day} in {self._store.parquet}: {_MEND}"
            raise DataError(msg)
        if newest < day - timedelta(days=self._rules.oldest):
            msg = (
                f"the newest prices before {day} are of {newest}, more than {self._rules.oldest} "
                f"days old: {_MEND}"
            )
            raise DataError(msg)
        prices = prices.filter(pl.col("symbol").is_in(list(symbols)))
        three, six = (_made(until(prices, newest, days)) for days in (THREE_MONTHS, SIX_MONTHS))
        reasons = {
            symbol: reason(self._rules, three.get(symbol), six.get(symbol)) for symbol in symbols
        }
        return {symbol: why for symbol, why in reasons.items() if why}


_MEND = "run 'skim download_data --from DATE'."


def reason(rules: HistoryConfig, three: Made | None, six: Made | None) -> str:
    """Return why the rules drop a share that made this in three and in six months, or ''.

    `None` is a span without two closes. The bounds themselves pass.
    """
    for required, made, span in ((rules.require_3m, three, "3"), (rules.require_6m, six, "6")):
        if required and made is None:
            return f"it has no prices of {span} months"
    for made, least, most, span in (
        (three, rules.return_3m_minimum, rules.return_3m_maximum, "3"),
        (six, rules.return_6m_minimum, rules.return_6m_maximum, "6"),
    ):
        if made is None:
            continue
        found = Decimal(repr(made.return_percent))
        if least is not None and found < least:
            return f"{found:+.1f} % in {span} months, at least {least:+} % is wanted"
        if most is not None and found > most:
            return f"{found:+.1f} % in {span} months, at most {most:+} % is wanted"
    volume = three.volume if three is not None else 0.0
    if rules.volume_minimum is not None and volume < rules.volume_minimum:
        return f"{volume:,.0f} shares a day, at least {rules.volume_minimum:,} are wanted"
    return ""


def _made(table: pl.DataFrame) -> dict[str, Made]:
    rows = table.select("symbol", "return_percent", "volume").iter_rows()
    return {symbol: Made(gained, volume) for symbol, gained, volume in rows}
