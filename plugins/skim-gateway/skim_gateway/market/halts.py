"""Symbols that are halted: by the script's plan, or called at run time."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from skim_core.errors import BrokerError, nearest
from skim_core.sim import CalledHalt

if TYPE_CHECKING:
    from skim_core import Session
    from skim_gateway.gateway import Gateway


class Halts:
    """Who is halted when, as clients are told it; `refusing` are those that take no new orders."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._called: defaultdict[Session, tuple[CalledHalt, ...]] = defaultdict(tuple)
        self.refusing: set[str] = set()

    def check(self, symbol: str) -> None:
        """Raise BrokerError when the exchange has no such symbol."""
        known = self._gateway.catalogue.symbols
        if symbol not in known:
            msg = f"the exchange has no symbol {symbol!r}{nearest(symbol, known)}."
            raise BrokerError(msg)

    def call(self, symbol: str, *, refuse: bool = False) -> CalledHalt:
        """Halt a symbol until `end`; with `refuse` its new orders are refused, else they wait.

        Raises BrokerError for an unknown symbol.
        """
        for account in self._gateway.accounts:
            account.broker.halt(symbol)
        self.refusing.discard(symbol)
        if refuse:
            self.refusing.add(symbol)
        self.renew()
        return next(halt for halt in reversed(self.now_called) if halt.symbol == symbol)

    def end(self, symbol: str) -> None:
        """End it. Raises BrokerError when there is none."""
        for account in self._gateway.accounts:
            account.broker.end_halt(symbol)
        self.renew()

    def renew(self) -> None:
        """Have the halts as the exchange has them, and tell clients."""
        gateway = self._gateway
        now = gateway.clock.now()
        self._called[gateway.session(now)] = tuple(gateway.broker.called_halts)
        gateway.look_anew(gateway.session(now))

    @property
    def now_called(self) -> tuple[CalledHalt, ...]:
        """The halts of the current session that were called, over or not."""
        return self.called(self._gateway.session(self._gateway.clock.now()))

    def called(self, session: Session) -> tuple[CalledHalt, ...]:
        """Return the halts that were called in a session."""
        return self._called[session]

    def is_halted(self, symbol: str, moment: datetime) -> bool:
        """Whether a symbol was halted at a moment."""
        gateway = self._gateway
        session = gateway.session(moment)
        return any(
            halt.symbol == symbol
            and halt.start.resolve(session) <= moment < halt.end.resolve(session)
            for halt in gateway.setup.options.halts
        ) or any(
            halt.symbol == symbol and halt.start <= moment and (not halt.end or moment < halt.end)
            for halt in self.called(session)
        )

    def halted(self) -> list[str]:
        """Return the symbols that are halted now."""
        now = self._gateway.clock.now()
        return [one for one in self._gateway.catalogue.symbols if self.is_halted(one, now)]

    def refuses(self, symbol: str) -> bool:
        """Whether new orders in a symbol are refused now."""
        return symbol in self.refusing and self.is_halted(symbol, self._gateway.clock.now())
