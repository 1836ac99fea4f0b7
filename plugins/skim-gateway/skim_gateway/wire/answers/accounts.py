"""What the gateway sends about accounts."""

from __future__ import annotations

from decimal import Decimal

from skim_gateway.wire.answers.base import Answer, answer
from skim_gateway.wire.contracts import (
    ContractInAnswer,
    HeldContract,
)
from skim_gateway.wire.kinds import NumberOrLargest
from skim_gateway.wire.layout import record
from skim_gateway.wire.slots import fixed


@answer(6, fixed("2"))
class AccountValue(Answer):
    """One of the account's values."""

    key: str
    value: str
    currency: str
    account: str


@answer(7, fixed("8"))
class PortfolioValue(Answer):
    """A position, and what it is worth."""

    contract: HeldContract
    position: Decimal
    market_price: Decimal
    market_value: Decimal
    average_cost: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    account: str


@answer(8, fixed("1"))
class AccountUpdateTime(Answer):
    """When the account's values were last updated, hh:mm."""

    time: str


@answer(54, fixed("1"))
class AccountDownloadEnd(Answer):
    """That were the account's values."""

    account: str


@answer(63, fixed("1"))
class AccountSummary(Answer):
    """One of the values that were asked for."""

    req_id: int
    account: str
    tag: str
    value: str
    currency: str


@answer(64, fixed("1"))
class AccountSummaryEnd(Answer):
    """That were the values."""

    req_id: int


@answer(61, fixed("3"))
class Position(Answer):
    """A position."""

    account: str
    contract: ContractInAnswer
    position: Decimal
    average_cost: Decimal


@answer(62, fixed("1"))
class PositionEnd(Answer):
    """That were the positions."""


@answer(71, fixed("1"))
class PositionMulti(Answer):
    """A position of one account or model."""

    req_id: int
    account: str
    contract: ContractInAnswer
    position: Decimal
    average_cost: Decimal
    model: str = ""


@answer(72, fixed("1"))
class PositionMultiEnd(Answer):
    """That were the positions."""

    req_id: int


@answer(73, fixed("1"))
class AccountUpdateMulti(Answer):
    """One of the values of an account or model."""

    req_id: int
    account: str
    model: str
    key: str
    value: str
    currency: str


@answer(74, fixed("1"))
class AccountUpdateMultiEnd(Answer):
    """That were the values."""

    req_id: int


@answer(94)
class Pnl(Answer):
    """The account's profit and loss."""

    req_id: int
    daily: NumberOrLargest
    unrealized: NumberOrLargest
    realized: NumberOrLargest


@answer(95)
class PnlSingle(Answer):
    """A position's profit and loss, and its value."""

    req_id: int
    position: Decimal
    daily: NumberOrLargest
    unrealized: NumberOrLargest
    realized: NumberOrLargest
    value: Decimal


@record
class FamilyCode:
    """An account's family code."""

    account: str
    code: str


@answer(78)
class FamilyCodes(Answer):
    """The accounts' family codes."""

    codes: tuple[FamilyCode, ...]
