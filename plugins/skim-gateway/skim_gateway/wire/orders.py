"""Orders as they stand in messages: every field that the TWS API gives an order.

The simulated exchange acts on few of them; the others are told back as they were given.
The defaults are those that a real gateway shows of a plain market order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from skim_gateway.wire.contracts import TagValue
from skim_gateway.wire.errors import MalformedError
from skim_gateway.wire.kinds import (
    IntegerOrLargest,
    NumberOrLargest,
    NumberOrZero,
    PriceOrZero,
)
from skim_gateway.wire.layout import record
from skim_gateway.wire.slots import Source

_CONDITION_FIELDS = {1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5}
"""How many fields follow a condition's kind: price, time, margin, execution, volume, per cent."""


@record
class OrderLeg:
    """A leg of a combination, as an order names it."""

    con_id: int
    ratio: int
    action: str
    exchange: str
    open_close: int
    short_sale_slot: int
    designated_location: str
    exempt_code: int


class ConditionKind:
    """A condition of an order: its kind, and as many texts as that kind has."""

    def read(self, source: Source) -> tuple[str, ...]:
        """Take the condition. Raises MalformedError for an unknown kind."""
        kind = source.take()
        number = _CONDITION_FIELDS.get(int(kind)) if kind.isdecimal() and kind.isascii() else None
        if number is None:
            msg = f"expected a condition's kind ({', '.join(map(str, _CONDITION_FIELDS))}), found {kind!r}"
            raise MalformedError(msg)
        return (kind, *(source.take() for _ in range(number)))

    def write(self, value: Any, out: list[str], version: int) -> None:  # noqa: ARG002  as the others
        """Add the condition's fields."""
        out.extend(value)


@record
class Order:
    """An order, as a client gives it and as the gateway tells of it."""

    order_id: int = 0
    client_id: int = 0
    perm_id: int = 0
    action: str = ""
    total_quantity: Decimal = Decimal(0)
    order_type: str = ""
    lmt_price: PriceOrZero = None
    aux_price: PriceOrZero = None
    tif: str = ""
    oca_group: str = ""
    account: str = ""
    open_close: str = ""
    origin: int = 0
    order_ref: str = ""
    transmit: bool = True
    parent_id: int = 0
    block_order: bool = False
    sweep_to_fill: bool = False
    display_size: IntegerOrLargest = None
    trigger_method: int = 0
    outside_rth: bool = False
    hidden: bool = False
    discretionary_amt: NumberOrZero = None
    good_after_time: str = ""
    good_till_date: str = ""
    shares_allocation: str = ""
    fa_group: str = ""
    fa_method: str = ""
    fa_percentage: str = ""
    fa_profile: str = ""
    model_code: str = ""
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1
    oca_type: int = 0
    rule_80a: str = ""
    settling_firm: str = ""
    all_or_none: bool = False
    min_qty: int | None = None
    percent_offset: Decimal | None = None
    e_trade_only: bool = False
    firm_quote_only: bool = False
    nbbo_price_cap: Decimal | None = None
    auction_strategy: int = 0
    starting_price: Decimal | None = None
    stock_ref_price: Decimal | None = None
    delta: Decimal | None = None
    stock_range_lower: Decimal | None = None
    stock_range_upper: Decimal | None = None
    override_percentage_constraints: bool = False
    volatility: Decimal | None = None
    volatility_type: int = 0
    delta_neutral_order_type: str = ""
    delta_neutral_aux_price: Decimal | None = None
    delta_neutral_con_id: int = 0
    delta_neutral_settling_firm: str = ""
    delta_neutral_clearing_account: str = ""
    delta_neutral_clearing_intent: str = ""
    delta_neutral_open_close: str = "?"
    delta_neutral_short_sale: bool = False
    delta_neutral_short_sale_slot: int = 0
    delta_neutral_designated_location: str = ""
    continuous_update: bool = False
    reference_price_type: int = 0
    trail_stop_price: Decimal | None = None
    trailing_percent: Decimal | None = None
    basis_points: Decimal | None = None
    basis_points_type: int | None = None
    combo_legs_description: str = ""
    combo_legs: tuple[OrderLeg, ...] = ()
    combo_leg_prices: tuple[Decimal | None, ...] = ()
    routing_params: tuple[TagValue, ...] = ()
    scale_init_level_size: IntegerOrLargest = None
    scale_subs_level_size: IntegerOrLargest = None
    scale_price_increment: Decimal | None = None
    scale_price_adjust_value: Decimal | None = None
    scale_price_adjust_interval: int | None = None
    scale_profit_offset: Decimal | None = None
    scale_auto_reset: bool = False
    scale_init_position: int | None = None
    scale_init_fill_qty: int | None = None
    scale_random_percent: bool = False
    scale_table: str = ""
    active_start_time: str = ""
    active_stop_time: str = ""
    hedge_type: str = ""
    hedge_param: str = ""
    opt_out_smart_routing: bool = False
    clearing_account: str = ""
    clearing_intent: str = ""
    not_held: bool = False
    algo_strategy: str = ""
    algo_params: tuple[TagValue, ...] = ()
    algo_id: str = ""
    what_if: bool = False
    misc_options: str = ""
    solicited: bool = False
    randomize_size: bool = False
    randomize_price: bool = False
    reference_contract_id: int = 0
    pegged_change_is_decrease: bool = False
    pegged_change_amount: Decimal = Decimal(0)
    reference_change_amount: Decimal = Decimal(0)
    reference_exchange: str = ""
    conditions: tuple[tuple[str, ...], ...] = ()
    conditions_ignore_rth: bool = False
    conditions_cancel_order: bool = False
    adjusted_order_type: str = ""
    trigger_price: NumberOrLargest = None
    adjusted_trail_stop_price: NumberOrLargest = None
    lmt_price_offset: NumberOrLargest = None
    adjusted_stop_price: NumberOrLargest = None
    adjusted_stop_limit_price: NumberOrLargest = None
    adjusted_trailing_amount: NumberOrLargest = None
    adjustable_trailing_unit: int = 0
    ext_operator: str = ""
    soft_dollar_tier: str = ""
    soft_dollar_value: str = ""
    soft_dollar_display: str = ""
    cash_qty: NumberOrZero = None
    mifid_decision_maker: str = ""
    mifid_decision_algo: str = ""
    mifid_execution_trader: str = ""
    mifid_execution_algo: str = ""
    dont_use_auto_price_for_hedge: bool = False
    is_oms_container: bool = False
    discretionary_up_to_limit_price: bool = False
    use_price_mgmt_algo: bool = False
    duration: int | None = None
    post_to_ats: int | None = None
    auto_cancel_parent: bool = False
    advanced_error_override: str = ""
    manual_order_time: str = ""
    min_trade_qty: int | None = None
    min_compete_size: int | None = None
    compete_against_best_offset: Decimal | None = None
    mid_offset_at_whole: Decimal | None = None
    mid_offset_at_half: Decimal | None = None
    auto_cancel_date: str = ""
    filled_quantity: Decimal = Decimal(0)
    ref_futures_con_id: IntegerOrLargest = None
    shareholder: str = ""
    imbalance_only: bool = False
    route_marketable_to_bbo: bool = False
    parent_perm_id: int = 2**63 - 1


@record
class OrderState:
    """What the gateway says of an order beside the order: status, margins, commission."""

    status: str = ""
    init_margin_before: NumberOrLargest = None
    maint_margin_before: NumberOrLargest = None
    equity_with_loan_before: NumberOrLargest = None
    init_margin_change: NumberOrLargest = None
    maint_margin_change: NumberOrLargest = None
    equity_with_loan_change: NumberOrLargest = None
    init_margin_after: NumberOrLargest = None
    maint_margin_after: NumberOrLargest = None
    equity_with_loan_after: NumberOrLargest = None
    commission: Decimal | None = None
    min_commission: Decimal | None = None
    max_commission: Decimal | None = None
    commission_currency: str = ""
    warning_text: str = ""
    completed_time: str = ""
    completed_status: str = ""
