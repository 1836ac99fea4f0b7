"""What the simulated exchange is told, and what an account brings into a session."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from skim_core.model.base import Model, Money, Symbol, UtcDatetime
from skim_core.model.orders import Order, Position, Reference


class _Instruction(Model):
    """`at` is when it arrives; `turn` orders it among all that happens at that instant."""

    at: UtcDatetime
    turn: Annotated[int, Field(ge=1)] = 1


class Submit(_Instruction):
    """These orders, all or none."""

    kind: Literal["submit"] = "submit"
    orders: Annotated[tuple[Order, ...], Field(min_length=1)]


class Modify(_Instruction):
    """The order with this one's reference is to be this one."""

    kind: Literal["modify"] = "modify"
    order: Order


class Cancel(_Instruction):
    """The order with this reference is to stop working."""

    kind: Literal["cancel"] = "cancel"
    reference: Reference


class CallHalt(_Instruction):
    """Nothing trades in `symbol` from now on."""

    kind: Literal["call_halt"] = "call_halt"
    symbol: Symbol


class EndHalt(_Instruction):
    """The halt of `symbol` that was called is over."""

    kind: Literal["end_halt"] = "end_halt"
    symbol: Symbol


Instruction: TypeAlias = Submit | Modify | Cancel | CallHalt | EndHalt


class CarriedOrder(Model):
    """A GTC order that stands from one session into the next.

    `filled` and `taken` (by its OCA group) in shares. `most` is the quantity that it may
    still reach when its parent is done: what that has filled.
    """

    order: Order
    filled: Annotated[int, Field(ge=0)] = 0
    taken: Annotated[int, Field(ge=0)] = 0
    most: Annotated[int, Field(ge=0)] | None = None
    triggered: bool = False


class Opening(Model):
    """What an account has when a session begins: cash in the exchange's currency, and the rest."""

    cash: Money
    positions: tuple[Position, ...] = ()
    orders: tuple[CarriedOrder, ...] = ()
