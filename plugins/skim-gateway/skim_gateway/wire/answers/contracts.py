"""What the gateway sends about contracts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from skim_gateway.wire.answers.base import Answer, answer
from skim_gateway.wire.contracts import (
    TagValue,
)
from skim_gateway.wire.kinds import NumberOrZero
from skim_gateway.wire.layout import record
from skim_gateway.wire.slots import Before, Since, fixed


@answer(10, fixed("8", before=164))
class ContractDetails(Answer):
    """What there is to know of a contract."""

    req_id: int
    symbol: str
    sec_type: str
    expiry: str = ""
    strike: NumberOrZero = None
    right: str = ""
    exchange: str
    currency: str
    local_symbol: str
    market_name: str
    trading_class: str
    con_id: int
    min_tick: Decimal
    size_multiplier: Annotated[int, Before(164)] = 1
    multiplier: str = ""
    order_types: str
    valid_exchanges: str
    price_magnifier: int = 1
    under_con_id: int = 0
    long_name: str
    primary_exchange: str
    contract_month: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    time_zone: str
    trading_hours: str
    liquid_hours: str
    ev_rule: str = ""
    ev_multiplier: str = ""
    sec_ids: tuple[TagValue, ...] = ()
    agg_group: int = 1
    under_symbol: str = ""
    under_sec_type: str = ""
    market_rule_ids: str
    real_expiry: str = ""
    stock_type: str = "COMMON"
    min_size: Annotated[Decimal, Since(164)] = Decimal(1)
    size_increment: Annotated[Decimal, Since(164)] = Decimal(1)
    suggested_size_increment: Annotated[Decimal, Since(163)] = Decimal(1)


@answer(52, fixed("1"))
class ContractDetailsEnd(Answer):
    """That were the contracts."""

    req_id: int


@record
class SymbolSample:
    """A contract whose symbol or name begins as asked."""

    con_id: int
    symbol: str
    sec_type: str
    primary_exchange: str
    currency: str
    derivatives: tuple[str, ...] = ()
    description: Annotated[str, Since(176)] = ""
    issuer_id: Annotated[str, Since(176)] = ""


@answer(79)
class SymbolSamples(Answer):
    """The contracts whose symbol or name begins as asked."""

    req_id: int
    samples: tuple[SymbolSample, ...]


@record
class PriceIncrement:
    """The tick at and above a price."""

    low_edge: Decimal
    increment: Decimal


@answer(93)
class MarketRule(Answer):
    """A table of ticks."""

    rule_id: int
    increments: tuple[PriceIncrement, ...]


@answer(76)
class OptionParametersEnd(Answer):
    """That were the option chains."""

    req_id: int


@record
class SoftDollarTier:
    """A soft dollar tier."""

    name: str
    value: str
    display: str


@answer(77)
class SoftDollarTiers(Answer):
    """The soft dollar tiers."""

    req_id: int
    tiers: tuple[SoftDollarTier, ...] = ()


@record
class SmartComponent:
    """The exchange that a letter of a quote stands for."""

    bit: int
    exchange: str
    letter: str


@answer(82)
class SmartComponents(Answer):
    """The exchanges that the letters of a quote stand for."""

    req_id: int
    components: tuple[SmartComponent, ...]
