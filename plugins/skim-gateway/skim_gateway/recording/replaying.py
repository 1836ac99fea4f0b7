"""Asks the simulator what a recorded client asked, about contracts that the simulator has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from skim_gateway.clock import DrivenClock
from skim_gateway.gateway import Gateway
from skim_gateway.market.catalogue import con_id
from skim_gateway.recording.comparing import decoded
from skim_gateway.recording.files import CLIENT, GATEWAY, Entry, of
from skim_gateway.serving.conversation import Conversation
from skim_gateway.serving.handlers import HANDLERS
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.codec import decode_answer, encode_request
from skim_gateway.wire.contracts import Contract
from skim_gateway.wire.errors import MalformedError, UnknownMessageError
from skim_gateway.wire.framing import Frames
from skim_gateway.wire.requests import REQUESTS

if TYPE_CHECKING:
    from skim_core import Exchange
    from skim_gateway.setup import GatewaySetup
    from skim_gateway.wire.messages import Message

_AFTER = timedelta(minutes=5)
_INTO_SESSION = timedelta(hours=1)


class Collected:
    """Takes what a conversation sends, as messages."""

    def __init__(self, version: int) -> None:
        self.messages: list[Message] = []
        self._version = version
        self._frames = Frames(1 << 26)

    def __call__(self, data: bytes) -> None:
        """Take bytes."""
        for payload in self._frames.feed(data):
            self.messages.append(decode_answer(payload, self._version))

    def abort(self) -> None:
        """Do nothing: there is no connection."""


def requests_of(entries: Iterable[Entry]) -> list[tuple[Entry, Message]]:
    """Return the client's messages that can be read, in order."""
    found = []
    for entry in of(entries, CLIENT):
        try:
            found.append((entry, REQUESTS.decode(entry.fields, entry.version)))
        except (MalformedError, UnknownMessageError):
            continue
    return found


async def replay(entries: Sequence[Entry], setup: GatewaySetup, connection: int) -> list[Message]:
    """Return what the simulator says to one recorded connection, its requests at their times.

    An hour into the session that is `setup`'s last. Recorded contracts become simulated
    ones, limit and stop prices keep their distance to the market.
    """
    own = [entry for entry in entries if entry.connection == connection]
    asked = requests_of(own)
    start = setup.sessions[-1].open + _INTO_SESSION
    clock = DrivenClock(start)
    gateway = Gateway(setup, clock)
    await gateway.start()
    version = own[0].version if own else 178
    collected = Collected(version)
    conversation = Conversation(gateway, version, collected, HANDLERS)
    try:
        contracts = _Contracts(own, gateway)
        first = asked[0][0].at if asked else 0.0
        for entry, request in asked:
            await clock.advance(start + timedelta(seconds=entry.at - first))
            translated = contracts.translated(request)
            await conversation.receive(encode_request(translated, version)[4:])
        await clock.advance(clock.now() + _AFTER)
    finally:
        conversation.close()
        await gateway.close()
    return collected.messages


class _Contracts:
    """Which simulated contract stands for which recorded one, and how their prices compare."""

    def __init__(self, entries: Sequence[Entry], gateway: Gateway) -> None:
        self._gateway = gateway
        answers = [message for _, message in decoded(of(entries, GATEWAY))]
        asked = [request for _, request in requests_of(entries)]
        bars = gateway.tape(gateway.clock.now()).data.bars
        volume = dict(zip(bars.symbols, bars.volume.sum(axis=1), strict=True))
        self._liveliest = sorted(volume, key=lambda symbol: (-volume[symbol], symbol))
        self._known = len(self._liveliest)
        self._symbols: dict[str, str] = {}
        self._by_id: dict[int, str] = {}
        self._prices: dict[str, Decimal] = {}
        # What the recorded gateway never spoke of, it did not know: nor does the simulator.
        for message in answers:
            self._note(message)
        self._note_prices(asked, answers)

    def _note(self, message: Message) -> None:
        contract = getattr(message, "contract", message)
        symbol, number = getattr(contract, "symbol", ""), getattr(contract, "con_id", 0)
        if isinstance(symbol, str) and symbol:
            self._symbols.setdefault(symbol, self._liveliest[len(self._symbols) % self._known])
            if number:
                self._by_id[number] = symbol

    def _note_prices(self, asked: Iterable[Message], answers: Iterable[Message]) -> None:
        """Note a price of each recorded symbol: of a trade, or of a tick."""
        lines = {
            request.req_id: self._symbol(request.contract)
            for request in asked
            if isinstance(request, r.RequestMarketData)
        }
        for message in answers:
            if isinstance(message, a.ExecutionDetails):
                self._prices.setdefault(message.contract.symbol, message.price)
            elif isinstance(message, a.TickPrice) and message.price > 0:
                self._prices.setdefault(lines.get(message.req_id, ""), message.price)

    def _symbol(self, contract: Contract) -> str:
        return contract.symbol or self._by_id.get(contract.con_id, "")

    def translated(self, request: Message) -> Message:
        """Return a recorded request as one that the simulator can be asked."""
        changes: dict[str, Any] = {}
        contract = getattr(request, "contract", None)
        if isinstance(contract, Contract):
            changes["contract"] = self._contract(contract)
        if getattr(request, "account", ""):
            changes["account"] = self._gateway.setup.account
        number = getattr(request, "con_id", None)
        if number is not None:
            symbol = self._by_id.get(number, "")
            changes["con_id"] = con_id(self._symbols[symbol]) if symbol else 0
        if isinstance(request, r.RequestScanner):
            venue = self._gateway.catalogue.venue
            changes |= {"instrument": venue.instrument, "location": venue.location}
        if isinstance(request, r.PlaceOrder):
            changes["order"] = self._order(request)
        return replace(cast("Any", request), **changes) if changes else request

    def _contract(self, contract: Contract) -> Contract:
        symbol = self._symbol(contract)
        if symbol not in self._symbols or contract.sec_type not in {"", "STK"}:
            return contract
        catalogue = self._gateway.catalogue
        exchange = "SMART" if contract.exchange == "SMART" else catalogue.venue.exchange
        found = catalogue.contract(self._symbols[symbol], exchange)
        return found if contract.con_id else replace(found, con_id=0)

    def _order(self, placed: r.PlaceOrder) -> Any:
        order, symbol = placed.order, self._symbol(placed.contract)
        account = self._gateway.setup.account if order.account else ""
        return replace(
            order,
            account=account,
            lmt_price=self._price(order.lmt_price, symbol),
            aux_price=self._price(order.aux_price, symbol),
        )

    def _price(self, price: Decimal | None, symbol: str) -> Decimal | None:
        known = self._prices.get(symbol)
        if not price or known is None or symbol not in self._symbols or not price.is_finite():
            return price
        gateway = self._gateway
        now = gateway.clock.now()
        last = gateway.tape(now).last(self._symbols[symbol], now)
        if last is None:
            return price
        rules: Exchange = gateway.setup.exchange
        return rules.round_nearest((price / known * last.price).quantize(Decimal("0.000001")))


def names_of(asked: Iterable[tuple[Entry, Message]]) -> Mapping[int, str]:
    """Return the requests' and orders' names by the numbers that they were asked under."""
    found: dict[int, str] = {}
    for _, request in asked:
        number = getattr(request, "req_id", getattr(request, "order_id", None))
        if isinstance(number, int) and not type(request).__name__.startswith("Cancel"):
            found.setdefault(number, type(request).__name__)
    return found
