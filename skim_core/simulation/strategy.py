"""A strategy that gives the order desk something to do: entries, moved stops, exits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

from pydantic import BaseModel, ConfigDict

from skim_core.model.graph import PhaseGraph
from skim_core.model.market import Candidate
from skim_core.model.orders import Bracket, OrderStage, OrderType
from skim_core.model.phases import Phase, Retry
from skim_core.ports.context import Context

GRAPH = PhaseGraph(
    Phase("setup", retry=Retry(attempts=3, backoff="20s")),
    Phase(
        "scan",
        after="setup",
        at="open+2m",
        deadline="open+40m",
        timeout="3m",
        retry=Retry(attempts=4, backoff="1m"),
    ),
    Phase("trade", after="scan", every="10m", between=("open+5m", "close-25m"), timeout="2m"),
    Phase("manage", every="10m", between=("open", "close"), protective=True, timeout="2m"),
)

_HUNDRED = 100
_PATIENCE = 4
_AGAIN = timedelta(seconds=7)
_LEAVE = timedelta(minutes=20)


class NoConfig(BaseModel):
    """The strategy has no configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _ignore(_text: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class PhaseFault:
    """What a phase does wrong at its attempt `attempt`: ``raise``, ``hang`` or ``nonsense``."""

    phase: str
    attempt: int
    kind: str


class SimulatedStrategy:
    """Decides by chance that depends only on the seed, the symbol and the instant.

    So the same phase run again, by whichever process, decides the same. It is as hard on the
    desk as it may be: it enters where an order is in doubt, cancels what has just begun to
    trade, leaves at a price. `wrong` is told when the desk answers with another decision's
    order.
    """

    def __init__(
        self,
        name: str,
        seed: int,
        symbols: Sequence[str],
        faults: Sequence[PhaseFault] = (),
        wrong: Callable[[str], None] = _ignore,
    ) -> None:
        self.name = name
        self._wrong = wrong
        self._seed = seed
        self._symbols = tuple(symbols)
        self._faults = {(fault.phase, fault.attempt): fault.kind for fault in faults}
        self._phases: dict[str, Callable[[Context[Any]], Awaitable[Any]]] = {
            "skim_setup": self._setup,
            "skim_scan": self._scan,
            "skim_trade": self._trade,
            "skim_manage": self._manage,
        }

    def call(self, hook: str, ctx: Context[Any]) -> Any:
        """Run a phase."""
        return self._run(hook, ctx)

    def is_async(self, hook: str) -> bool:  # noqa: ARG002
        """Every phase is ``async def``."""
        return True

    def returns(self, hook: str) -> Any:
        """Return what the phase returns."""
        return Sequence[Candidate] if hook == "skim_scan" else type(None)

    async def _run(self, hook: str, ctx: Context[Any]) -> Any:
        fault = self._faults.get((ctx.phase, ctx.attempt))
        if fault == "raise":
            msg = "a planted fault"
            raise RuntimeError(msg)
        if fault == "hang":
            await asyncio.get_running_loop().create_future()
        value = await self._phases[hook](ctx)
        return ... if fault == "nonsense" else value

    async def _setup(self, ctx: Context[Any]) -> None:
        await ctx.purge_candidates()

    async def _scan(self, ctx: Context[Any]) -> list[Candidate]:
        quotes = await ctx.market.quotes(self._symbols)
        return [Candidate(symbol=symbol, reason="it has a quote") for symbol in quotes]

    async def _trade(self, ctx: Context[Any]) -> None:
        minutes = self._minutes(ctx) // 10
        for symbol in ctx.candidates:
            if self._chance(symbol, "enter", minutes) < 35:  # noqa: PLR2004
                await self._enter(ctx, symbol)

    async def _enter(self, ctx: Context[Any], symbol: str) -> None:
        made = [state for state in ctx.orders.all() if state.order.purpose.startswith("entry")]
        mine = [state for state in made if state.order.symbol == symbol]
        again = mine[-1].stage is OrderStage.ABSENT if mine else False
        working = bool(mine) and mine[-1].live and not mine[-1].in_doubt
        if symbol in ctx.positions or working:
            return
        number = len(mine) if again else len(mine) + 1
        quotes = await ctx.market.quotes([symbol])
        if symbol not in quotes:
            return
        bracket = self._bracket(symbol, number, quotes[symbol].last)
        for _ in range(_PATIENCE):
            state = await ctx.orders.enter(bracket)
            if (state.order.symbol, state.order.purpose) != (symbol, bracket.purpose):
                self._wrong(f"{symbol} {bracket.purpose} is answered with {state.order.reference}")
            if state.stage not in {OrderStage.SENDING, OrderStage.ABSENT}:
                break
            await ctx.clock.sleep_until(ctx.now + _AGAIN)
        if self._chance(symbol, "rue", number) < 10:  # noqa: PLR2004
            await ctx.orders.cancel(symbol, bracket.purpose)

    def _bracket(self, symbol: str, number: int, last: Decimal) -> Bracket:
        priced = self._chance(symbol, "market", number)
        at_market = priced < 40  # noqa: PLR2004
        near = self._chance(symbol, "near", number) < 50  # noqa: PLR2004
        target = self._chance(symbol, "target", number) < 30  # noqa: PLR2004
        distance = "1.002" if priced < 70 else "0.999" if priced < 88 else "0.99"  # noqa: PLR2004
        return Bracket(
            symbol=symbol,
            quantity=100 + self._chance(symbol, "size", number),
            stop_price=_tick(last * (Decimal("0.997") if near else Decimal("0.97"))),
            limit_price=None if at_market else _tick(last * Decimal(distance)),
            target_price=_tick(last * Decimal("1.01")) if target else None,
            purpose=f"entry_{number}",
            reason="by chance",
        )

    async def _manage(self, ctx: Context[Any]) -> None:
        minutes = self._minutes(ctx) // 10
        leaving = ctx.now >= ctx.session.close - _LEAVE
        for symbol, position in list(ctx.positions.items()):
            chance = self._chance(symbol, "manage", minutes)
            entering = any(
                state.live and not state.order.closes
                for state in ctx.orders.all()
                if state.order.symbol == symbol
            )
            if leaving or chance < (50 if entering else 10):
                await ctx.orders.exit(symbol, reason="leaving")
            elif chance < 22:  # noqa: PLR2004
                await self._leave_at_a_price(ctx, symbol, position.average_price)
            elif chance < 55:  # noqa: PLR2004
                raised = _tick(position.average_price * (Decimal("0.98") + Decimal(minutes) / 2000))
                if any(state.live for state in _stops(ctx, symbol)):
                    await ctx.orders.move_stop(symbol, raised, reason="trailing")
        for state in ctx.orders.all():
            order = state.order
            if state.live and order.purpose.startswith("entry"):
                chance = self._chance(order.symbol, "cancel", minutes)
                if leaving or chance < 30:  # noqa: PLR2004
                    await ctx.orders.cancel(order.symbol, order.purpose)

    async def _leave_at_a_price(self, ctx: Context[Any], symbol: str, paid: Decimal) -> None:
        price = _tick(paid * Decimal("1.008"))
        await ctx.orders.exit(
            symbol,
            type=OrderType.LIMIT,
            limit_price=price,
            purpose="take_profit",
            reason="at a price",
        )

    def _minutes(self, ctx: Context[Any]) -> int:
        return int((ctx.now - ctx.session.open).total_seconds() // 60)

    def _chance(self, symbol: str, what: str, number: int) -> int:
        text = f"{self._seed}/{self.name}/{symbol}/{what}/{number}"
        return crc32(text.encode()) % _HUNDRED


def _stops(ctx: Context[Any], symbol: str) -> list[Any]:
    return [
        state
        for state in ctx.orders.all()
        if state.order.symbol == symbol and state.order.purpose == "stop"
    ]


def _tick(price: Decimal) -> Decimal:
    return round(price, 2)
