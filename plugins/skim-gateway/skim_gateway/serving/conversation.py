"""One client's conversation: what it has asked for, and what it is answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from skim_core.errors import SkimError
from skim_gateway import codes
from skim_gateway.limits import HistoryPacing
from skim_gateway.orders.translate import Refusal
from skim_gateway.serving.kinds import MARKET_KINDS
from skim_gateway.wire import answers as a
from skim_gateway.wire.codec import decode_request, encode_answer
from skim_gateway.wire.errors import MalformedError, UnknownMessageError
from skim_gateway.wire.requests import Request, StartApi

if TYPE_CHECKING:
    from skim_gateway.gateway import Gateway
    from skim_gateway.wire.messages import Message

_LOG = logging.getLogger("skim.gateway")

Handler: TypeAlias = Callable[["Conversation", Any], Awaitable[None]]


class Stream(Protocol):
    """Something that a client has subscribed to.

    `timed`: it changes with the market, and is looked at every few seconds; `with_fills`:
    it changes with the account's fills, and is looked at right after them.
    """

    timed: bool
    with_fills: bool

    def advance(self, now: datetime) -> None:
        """Tell what there is to tell by `now`."""


class Outlet(Protocol):
    """Where a client's bytes go."""

    def __call__(self, data: bytes) -> None:
        """Send bytes."""

    def abort(self) -> None:
        """Reset the connection: what was not sent is lost."""


class Conversation:
    """A client that has been greeted; `outlet` takes the bytes that it is to get.

    `streams` are its subscriptions, by their kind and request id. `binds`: as client 0 it
    hears of orders that are placed by hand. `muted`: nothing is told; `silent`: nothing
    is taken either. Both are faults.
    """

    def __init__(
        self,
        gateway: Gateway,
        version: int,
        outlet: Outlet,
        handlers: Mapping[type[Request], Handler],
    ) -> None:
        self.gateway = gateway
        self.version = version
        self.client_id: int | None = None
        self.streams: dict[tuple[str, int], Stream] = {}
        self.data_type = 1
        self.binds = False
        self.closed = False
        self.pacing = HistoryPacing(gateway.setup.limits.histories)
        self.muted = False
        self.silent = False
        self._outlet = outlet
        self._handlers = handlers

    # Both ways

    def send(self, answer: a.Answer) -> None:
        """Send an answer, with the faults that strike it."""
        self.gateway.faults.send(self, answer)

    def put(self, answer: a.Answer) -> None:
        """Send an answer, unless the conversation is over or nothing may be told."""
        if not (self.closed or self.muted or self.silent):
            _LOG.debug("client %s <- %s", self.client_id, answer)
            self._outlet(encode_answer(answer, self.version))

    def abort(self) -> None:
        """Reset the connection."""
        self.close()
        self._outlet.abort()

    def error(self, code: int, req_id: int = a.NOBODY, /, **details: object) -> None:
        """Send an error or a notice."""
        self.send(codes.error(code, req_id, **details))

    async def receive(self, payload: bytes) -> None:
        """Take a message; whatever is wrong with it is answered with an error."""
        if self.silent:
            return
        try:
            request = decode_request(payload, self.version)
        except MalformedError as wrong:
            _LOG.warning("client %s: %s", self.client_id, wrong)
            self.error(codes.UNREADABLE, why=str(wrong))
            return
        except UnknownMessageError as wrong:
            _LOG.warning("client %s: %s", self.client_id, wrong)
            self.error(codes.UNKNOWN_MESSAGE)
            return
        await self.gateway.faults.take(self, request, lambda: self.take(request))

    async def take(self, request: Message) -> None:
        """Do what a request asks for."""
        _LOG.debug("client %s -> %s", self.client_id, request)
        if isinstance(request, StartApi):
            self._start(request)
            return
        if self.client_id is None:
            self.error(codes.NOT_CONNECTED)
            return
        assert isinstance(request, Request)
        try:
            await self._handlers[type(request)](self, request)
        except Refusal as refusal:
            self.send(refusal.answer)
        except SkimError as error:
            # The exchange could not do it: its client has to know, and the others go on.
            _LOG.error("client %s: %s: %s", self.client_id, type(request).__name__, error)
            number = getattr(request, "req_id", getattr(request, "order_id", a.NOBODY))
            self.error(codes.UNPROCESSED, number, why=f" {error}")
        except Exception:  # noqa: BLE001  the one boundary between clients
            # A fault of the gateway's own: it is told to this client, and hurts no other.
            _LOG.exception("client %s: %s failed", self.client_id, request)
            number = getattr(request, "req_id", getattr(request, "order_id", a.NOBODY))
            self.error(codes.UNPROCESSED, number, why="")

    # Beginning and end

    def _start(self, request: StartApi) -> None:
        others = self.gateway.conversations
        if self.client_id is not None:
            self.error(codes.INVALID, why="The API has been started already")
            return
        if request.client_id in others:
            self.error(codes.CLIENT_ID_TAKEN)
            self.close()
            return
        self.client_id = request.client_id
        others[request.client_id] = self
        self.send(a.ManagedAccounts(accounts=",".join(self.gateway.accounts.numbers)))
        self.send(a.NextValidId(order_id=self.gateway.book.next_id(request.client_id)))
        market, history, definitions = self.gateway.catalogue.venue.farms
        self.error(codes.FARM_OK, farm=market)
        self.error(codes.HISTORY_FARM_OK, farm=history)
        self.error(codes.SECURITY_FARM_OK, farm=definitions)

    def close(self) -> None:
        """Say nothing more, and free the client id."""
        self.closed = True
        self.streams.clear()
        if self.client_id is not None and (self.gateway.conversations.get(self.client_id) is self):
            del self.gateway.conversations[self.client_id]

    # Subscriptions

    def subscribe(self, kind: str, req_id: int, stream: Stream) -> None:
        """Have a stream looked at from now on. Raises Refusal when there are too many."""
        most = self.gateway.setup.limits.streams
        if len(self.streams) >= most and (kind, req_id) not in self.streams:
            why = f" cause - more than {most} subscriptions"
            raise Refusal(codes.error(codes.UNPROCESSED, req_id, why=why))
        self.streams[kind, req_id] = stream
        self.gateway.wake_streams()

    def advance(self, now: datetime, *, filled: bool = False, quiet: bool = False) -> None:
        """Look at what streams; at what changes with fills when `filled`.

        When it is `quiet`, the data farms tell nothing.
        """
        for key, stream in list(self.streams.items()):
            if not (stream.with_fills if filled else stream.timed):
                continue
            if quiet and key[0] in MARKET_KINDS:
                continue
            try:
                stream.advance(now)
            except Exception:  # noqa: BLE001  the one boundary between clients
                # A fault of the gateway's own: the stream ends, all others go on.
                _LOG.exception("client %s: the stream %s failed", self.client_id, key)
                self.streams.pop(key, None)
                self.error(codes.UNPROCESSED, key[1], why="")

    def unsubscribe(self, kind: str, req_id: int) -> bool:
        """End a stream; return whether there was one."""
        return self.streams.pop((kind, req_id), None) is not None

    def count(self, kind: str) -> int:
        """Return how many streams of a kind there are."""
        return sum(found == kind for found, _ in self.streams)

    @property
    def now(self) -> datetime:
        """This instant."""
        return self.gateway.clock.now()
