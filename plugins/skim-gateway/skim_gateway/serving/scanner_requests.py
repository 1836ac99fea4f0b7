"""The scanner: contracts without prices, told again when the ranks have changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.market.scans import SCANS, UnknownFilterError, board, filters, parameters, scan
from skim_gateway.serving.kinds import SCANNER
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.serving.conversation import Conversation

_EVERY = timedelta(seconds=30)


class _Scan:
    """A scan that is repeated every half minute."""

    timed = True
    with_fills = False

    def __init__(
        self, conversation: Conversation, request: r.RequestScanner, narrowed: dict[str, float]
    ) -> None:
        most = conversation.gateway.setup.limits.scan_rows
        self._conversation = conversation
        self._request = request
        self._narrowed = narrowed
        self._rows = most if request.rows <= 0 else min(request.rows, most)
        self._due = conversation.now
        self._told: list[str] | None = None

    def advance(self, now: datetime) -> None:
        """Scan again when it is time, and tell what has changed."""
        if now < self._due:
            return
        self._due = now + _EVERY
        gateway = self._conversation.gateway
        found = board(gateway.tape(now), now)
        symbols = scan(found, self._request.code, self._narrowed, self._rows)
        if symbols == self._told:
            return
        if not symbols and self._told is None:
            number = self._request.req_id
            self._conversation.error(codes.HISTORY_MESSAGE, number, why="no items retrieved")
        self._told = symbols
        rows = tuple(
            gateway.catalogue.scanner_row(rank, symbol) for rank, symbol in enumerate(symbols)
        )
        self._conversation.send(a.ScannerData(req_id=self._request.req_id, rows=rows))


async def scanner(conversation: Conversation, request: r.RequestScanner) -> None:
    """Scan now, and every half minute."""
    gateway, req_id = conversation.gateway, request.req_id
    venue = gateway.catalogue.venue
    if conversation.count(SCANNER) >= gateway.setup.limits.scans:
        why = "Only 10 simultaneous API scanner subscriptions are allowed."
        conversation.error(codes.HISTORY_ERROR, req_id, why=why)
        return
    if request.instrument != venue.instrument or request.location not in {
        venue.location,
        *venue.regions,
    }:
        why = f"Market Scanner is not configured for location code {request.location}"
        conversation.error(codes.HISTORY_ERROR, req_id, why=why)
        return
    if request.code not in SCANS:
        why = f"Scanner type with code {request.code} is disabled"
        conversation.error(codes.HISTORY_ERROR, req_id, why=why)
        return
    try:
        narrowed = filters(request)
    except UnknownFilterError as wrong:
        conversation.error(codes.HISTORY_ERROR, req_id, why=f"Scanner filter {wrong} is disabled")
        return
    stream = _Scan(conversation, request, narrowed)
    stream.advance(conversation.now)
    conversation.subscribe(SCANNER, req_id, stream)


async def cancel_scanner(conversation: Conversation, request: r.CancelScanner) -> None:
    """End a scan; error 365 when there is none."""
    if not conversation.unsubscribe(SCANNER, request.req_id):
        conversation.error(codes.NO_SCAN, request.req_id, number=request.req_id)
        return
    why = f"API scanner subscription cancelled: {request.req_id}"
    conversation.error(codes.HISTORY_ERROR, request.req_id, why=why)


async def scanner_parameters(conversation: Conversation, _: r.RequestScannerParameters) -> None:
    """Tell what can be scanned for."""
    conversation.send(a.ScannerParameters(xml=parameters(conversation.gateway.catalogue.venue)))


HANDLERS = {
    r.RequestScanner: scanner,
    r.CancelScanner: cancel_scanner,
    r.RequestScannerParameters: scanner_parameters,
}
