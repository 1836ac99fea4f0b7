"""Gaps: what the scanners name, with the prices that scanners don't tell."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from ib_async import ScannerSubscription
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER

from skim_broker_ibkr.minutes import session_at
from skim_broker_ibkr.numbers import price
from skim_broker_ibkr.symbols import venue_of
from skim_core import GapRow, GapScan
from skim_core.errors import BrokerError

if TYPE_CHECKING:
    from ib_async import Contract

    from skim_broker_ibkr.contracts import Contracts
    from skim_broker_ibkr.history import History
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.quotes import Picture, Quotes
    from skim_broker_ibkr.requests import Requests
    from skim_core.broker import BrokerSetup

_log = logging.getLogger("skim.ibkr")

_ROWS = 50
"""The most that one scan returns. Source: IBKR, TWS API, "Market Scanner"."""

_PLACES = Decimal("0.0001")


class GapScanner:
    """Finds gaps: several scans merged, then the prices of what they name."""

    def __init__(
        self,
        options: IbkrOptions,
        setup: BrokerSetup,
        requests: Requests,
        *,
        contracts: Contracts,
        quotes: Quotes,
        history: History,
    ) -> None:
        self._options = options
        self._venue = venue_of(setup.exchange)
        self._clock = setup.clock
        self._sessions = setup.sessions
        self._history = history
        self._requests = requests
        self._contracts = contracts
        self._quotes = quotes
        self._offered: tuple[dt.date, Offered] | None = None

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the gaps of the session so far, widest first. Raises BrokerError."""
        found = await self._named(request)
        rows = []
        for symbol, seen in (await self._quotes.pictures(found)).items():
            if seen.previous_close is None and seen.open is not None:
                close = await self._previous_close(symbol)
                seen = replace(seen, previous_close=close)  # noqa: PLW2901  it is the same, whole
            row = gap_row(symbol, seen)
            if row is not None:
                rows.append(row)
        gaps = chosen(rows, request)
        await self._contracts.foresee(row.symbol for row in gaps)
        return gaps

    async def _previous_close(self, symbol: str) -> Decimal | None:
        """Return the previous close by the daily bars, where the stream doesn't tell it."""
        session = session_at(self._sessions, self._clock.now())
        return price(await self._history.previous_close(symbol, session))

    async def check(self) -> str:
        """Return what keeps scans of this exchange from being made; '' for nothing."""
        self._offered = None
        for minimum in (Decimal(1), Decimal(-1)):
            try:
                await self._codes(GapScan(minimum_percent=minimum))
            except BrokerError as error:
                return str(error)
            if self._offered is None:
                return "TWS didn't tell which scans there are"
        return ""

    async def _named(self, request: GapScan) -> dict[str, Contract]:
        found: dict[str, Contract] = {}
        for code in await self._codes(request):
            subscription = ScannerSubscription(
                numberOfRows=_ROWS,
                instrument=self._venue.instrument,
                locationCode=self._venue.location,
                scanCode=code,
                abovePrice=float(request.minimum_price) or UNSET_DOUBLE,
                aboveVolume=request.minimum_volume or UNSET_INTEGER,
            )
            try:
                listed = await self._requests.scan(subscription)
            except BrokerError as error:
                if "no items retrieved" in str(error):
                    continue
                raise _explained(error, self._venue.location) from error
            for details in listed:
                if details.contract is None:
                    continue
                symbol = self._contracts.learn(details.contract)
                if symbol is not None:
                    found[symbol] = await self._contracts.of(symbol)
        return found

    async def _codes(self, request: GapScan) -> list[str]:
        up = request.minimum_percent >= 0
        wanted = self._options.gap_up_scans if up else self._options.gap_down_scans
        offered = await self._offer()
        if offered is None:
            return list(wanted)
        if self._venue.location not in offered.locations:
            msg = (
                f"TWS offers no scans of {self._venue.location}: the account needs market data "
                "of that exchange (Client Portal, Settings, Market Data Subscriptions)."
            )
            raise BrokerError(msg)
        known = [code for code in wanted if code in offered.codes]
        for code in wanted:
            if code not in offered.codes:
                _log.warning("TWS has no scan %s: it is left out.", code)
        if not known:
            msg = f"TWS has none of the scans {', '.join(wanted)}: set others in [brokers.ibkr]."
            raise BrokerError(msg)
        return known

    async def _offer(self) -> Offered | None:
        """Return what there is to scan, asked once a day; None when TWS doesn't say."""
        today = self._clock.now().date()
        if self._offered is None or self._offered[0] != today:
            try:
                found = offered_scans(await self._requests.scanner_parameters())
            except BrokerError as error:
                _log.warning("%s", error)
                return None
            self._offered = today, found
        return self._offered[1]


class Offered:
    """The scans and the locations that TWS has."""

    def __init__(self, codes: Iterable[str], locations: Iterable[str]) -> None:
        self.codes = frozenset(codes)
        self.locations = frozenset(locations)


def offered_scans(xml: str) -> Offered:
    """Return what the scanner's parameters name; they are megabytes, of which two tags count."""
    return Offered(
        re.findall(r"<scanCode>([^<]+)</scanCode>", xml),
        re.findall(r"<locationCode>([^<]+)</locationCode>", xml),
    )


def gap_row(symbol: str, seen: Picture) -> GapRow | None:
    """Return a symbol's gap; None when its prices are not all there."""
    if seen.open is None or seen.previous_close is None or seen.last is None:
        return None
    return GapRow(
        symbol=symbol,
        open=seen.open,
        last=seen.last,
        previous_close=seen.previous_close,
        gap_percent=((seen.open / seen.previous_close - 1) * 100).quantize(_PLACES),
        volume=seen.volume,
    )


def chosen(rows: Iterable[GapRow], request: GapScan) -> list[GapRow]:
    """Return the rows that were asked for, widest first."""

    def wide(row: GapRow) -> bool:
        gap = (row.open / row.previous_close - 1) * 100
        least = request.minimum_percent
        return gap >= least if least >= 0 else gap <= least

    found = [
        row
        for row in rows
        if wide(row) and row.last >= request.minimum_price and row.volume >= request.minimum_volume
    ]
    found.sort(key=lambda row: (-abs(row.open / row.previous_close - 1), row.symbol))
    return found[: request.limit]


def _explained(error: BrokerError, location: str) -> BrokerError:
    if "not configured" not in str(error):
        return error
    msg = (
        f"{error} The account may not scan {location}: it needs market data of that exchange "
        "(Client Portal, Settings, Market Data Subscriptions)."
    )
    return BrokerError(msg)
