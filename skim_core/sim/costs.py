"""What trading costs in the simulated exchange beside the market's own price.

A commission is what a broker charges; slippage is how much worse than the market's price an
order trades that takes what it gets. Both are written as text: ``8bp min 6``, ``2ticks``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_serializer, model_validator

from skim_core.model.base import Model
from skim_core.model.exchange import CommissionSchedule, Exchange
from skim_core.model.orders import Side

_BASIS_POINT = Decimal("0.0001")
_MOST = 1000
"""Basis points or ticks: a tenth of the price. More is a slip of the pen."""

_NUMBER = r"(\d{1,9}(?:\.\d{1,6})?)"
_COMMISSION = re.compile(rf"{_NUMBER} ?(/share|/order|bp)(?: ?min ?{_NUMBER})?")
_SLIPPAGE = re.compile(rf"{_NUMBER} ?(ticks?|bp)")

_Amount = Annotated[Decimal, Field(ge=0)]


class Charge(StrEnum):
    """What a commission is charged for."""

    EXCHANGE = "exchange"
    NONE = "none"
    SHARE = "/share"
    ORDER = "/order"
    BASIS_POINTS = "bp"


class Commission(Model):
    """What a broker charges for one order of a session, however many fills it has.

    In text ``"exchange"`` (the schedule of the exchange's file), ``"none"``,
    ``"0.005/share"``, ``"6/order"`` or ``"8bp"`` (basis points of the order's value); the
    first and the last of these three may have a minimum for each order: ``"8bp min 6"``.
    Amounts are in the exchange's currency.
    """

    charge: Charge
    amount: _Amount = Decimal(0)
    minimum: _Amount = Decimal(0)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, Commission | dict):
            return value
        if value in ("exchange", "none"):
            return {"charge": value}
        found = _COMMISSION.fullmatch(value) if isinstance(value, str) else None
        if found is None or (found[2] == "/order" and found[3]):
            msg = (
                f"{value!r} is not a commission: write 'exchange', 'none', '0.005/share', "
                "'6/order' or '8bp', the first and the last of these three with a minimum if "
                "there is one, as in '8bp min 6'"
            )
            raise ValueError(msg)
        amount, charge, minimum = found.groups()
        if charge == "bp" and Decimal(amount) > _MOST:
            msg = f"{value!r} is more than a tenth of the value: write at most {_MOST}bp"
            raise ValueError(msg)
        return {"charge": charge, "amount": Decimal(amount), "minimum": Decimal(minimum or 0)}

    @model_serializer
    def _write(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if self.charge in {Charge.EXCHANGE, Charge.NONE}:
            return self.charge.value
        least = f" min {self.minimum:f}" if self.minimum else ""
        return f"{self.amount:f}{self.charge}{least}"

    def applied(self, rules: Exchange) -> Exchange:
        """Return the exchange's rules with this commission."""
        if self.charge is Charge.EXCHANGE:
            return rules
        schedule = CommissionSchedule(
            name=str(self),
            source="the option commission of [brokers.sim]",
            per_share=self.amount if self.charge is Charge.SHARE else Decimal(0),
            rate=self.amount * _BASIS_POINT if self.charge is Charge.BASIS_POINTS else Decimal(0),
            minimum=self.amount if self.charge is Charge.ORDER else self.minimum,
        )
        return rules.model_copy(update={"commission": schedule})


class Distance(StrEnum):
    """What a slippage is measured in."""

    NONE = "none"
    TICKS = "ticks"
    BASIS_POINTS = "bp"


class Slippage(Model):
    """How much worse than the market's price an order trades that takes what it gets.

    In text ``"none"``, ``"1tick"``, ``"2ticks"`` or ``"5bp"`` (basis points of the price).
    """

    distance: Distance
    amount: _Amount = Decimal(0)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, Slippage | dict):
            return value
        if value == "none":
            return {"distance": value}
        found = _SLIPPAGE.fullmatch(value) if isinstance(value, str) else None
        if found is None or (found[2] != "bp" and "." in found[1]):
            msg = f"{value!r} is not a slippage: write 'none', '1tick', '2ticks' or '5bp'"
            raise ValueError(msg)
        amount = Decimal(found[1])
        if amount > _MOST:
            msg = f"{value!r} is too much: write at most {_MOST} of them"
            raise ValueError(msg)
        return {"distance": "bp" if found[2] == "bp" else "ticks", "amount": amount}

    @model_serializer
    def _write(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if self.distance is Distance.NONE:
            return "none"
        unit = "tick" if self.distance is Distance.TICKS and self.amount == 1 else self.distance
        return f"{self.amount:f}{unit}"

    def worsen(self, price: Decimal, side: Side, rules: Exchange) -> Decimal:
        """Return `price` moved against an order of `side`, on the tick, and never below one.

        What lies between two ticks is rounded against the order too: any basis points cost
        a tick at least.
        """
        if self.distance is Distance.NONE or not self.amount:
            return price
        if self.distance is Distance.TICKS:
            step = self.amount * rules.tick(price)
        else:
            step = self.amount * _BASIS_POINT * price
        if side is Side.BUY:
            return rules.round_up(price + step)
        least = rules.tick(Decimal(0))
        return rules.round_down(price - step) if price - step > least else min(price, least)


EXCHANGE_COMMISSION = Commission(charge=Charge.EXCHANGE)
NO_SLIPPAGE = Slippage(distance=Distance.NONE)
