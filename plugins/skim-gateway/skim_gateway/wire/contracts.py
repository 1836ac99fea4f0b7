"""Contracts as they stand in messages. Which fields there are differs by message."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

from skim_gateway.wire.kinds import NumberOrZero
from skim_gateway.wire.layout import Record, record
from skim_gateway.wire.slots import Counted

STOCK = "STK"
COMBO = "BAG"


@record
class Contract:
    """What is traded. `expiry` and `strike`, `right`, `multiplier` are an option's."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    expiry: str = ""
    strike: NumberOrZero = None
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""


WITHOUT_PRIMARY = (
    "con_id symbol sec_type expiry strike right multiplier exchange currency local_symbol "
    "trading_class"
)
WITHOUT_EXCHANGE = (
    "con_id symbol sec_type expiry strike right multiplier primary_exchange currency "
    "local_symbol trading_class"
)
_SHORT = "con_id symbol sec_type exchange primary_exchange currency local_symbol"

ContractInAnswer: TypeAlias = Annotated[Contract, Record(Contract, tuple(WITHOUT_PRIMARY.split()))]
HeldContract: TypeAlias = Annotated[Contract, Record(Contract, tuple(WITHOUT_EXCHANGE.split()))]
ShortContract: TypeAlias = Annotated[Contract, Record(Contract, tuple(_SHORT.split()))]


@record
class TagValue:
    """A parameter by name."""

    tag: str
    value: str


@record
class Leg:
    """A leg of a combination, as a data request names it."""

    con_id: int
    ratio: int
    action: str
    exchange: str


Legs: TypeAlias = Annotated[tuple[Leg, ...], Counted(Record(Leg))]


@record
class DeltaNeutral:
    """The underlying that hedges a combination."""

    con_id: int
    delta: Decimal
    price: Decimal
