"""Where an order's fields stand in the three messages that carry orders."""

from __future__ import annotations

from dataclasses import replace

from skim_gateway.wire.contracts import COMBO, WITHOUT_PRIMARY, Contract, DeltaNeutral, TagValue
from skim_gateway.wire.kinds import INTEGER, OPTIONAL_NUMBER, TEXT, Scalar
from skim_gateway.wire.layout import Record, part
from skim_gateway.wire.orders import ConditionKind, Order, OrderLeg, OrderState
from skim_gateway.wire.slots import Counted, Layout, Slot, When, fixed, one


def _order(fields: str, when: When | None = None) -> tuple[Slot, ...]:
    return part(Order, "order", fields, when)


def _since(version: int, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    return tuple(replace(slot, since=version) for slot in slots)


def _before(version: int, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    return tuple(replace(slot, before=version) for slot in slots)


def _plain(path: str, scalar: Scalar, when: When | None = None) -> Slot:
    return Slot(path, one(scalar), when=when)


_GIVEN_NEUTRAL_TYPE = When("order.delta_neutral_order_type", bool)
_SCALED = When("order.scale_price_increment", lambda value: value is not None and value > 0)
_HEDGED = When("order.hedge_type", bool)
_BY_ALGORITHM = When("order.algo_strategy", bool)
_CONDITIONAL = When("order.conditions", bool)
_BENCHMARK = When("order.order_type", lambda value: value in {"PEG BENCH", "PEGBENCH"})
_PEG_BEST = When("order.order_type", lambda value: value in {"PEG BEST", "PEGBEST"})
_PEG_MID = When("order.order_type", lambda value: value in {"PEG MID", "PEGMID"})
_UP_TO_MID = When(
    "order.compete_against_best_offset", lambda value: value is not None and value.is_infinite()
)
_IN_ATS = When("contract.exchange", lambda value: value == "IBKRATS")
_A_COMBO = When("contract.sec_type", lambda value: value == COMBO)
_NEUTRAL = When("has_delta_neutral", bool)

_SCALE = _order(
    "scale_price_adjust_value scale_price_adjust_interval scale_profit_offset scale_auto_reset "
    "scale_init_position scale_init_fill_qty scale_random_percent",
    _SCALED,
)
_COMBO_LISTS = (
    Slot("order.combo_legs", Counted(Record(OrderLeg))),
    Slot("order.combo_leg_prices", Counted(one(OPTIONAL_NUMBER))),
    Slot("order.routing_params", Counted(Record(TagValue))),
)
_DELTA_NEUTRAL = part(DeltaNeutral, "delta_neutral", "con_id delta price", _NEUTRAL)
_ALGORITHM = (
    *_order("algo_strategy"),
    Slot("order.algo_params", Counted(Record(TagValue)), when=_BY_ALGORITHM),
)
_PEGGED = _order(
    "reference_contract_id pegged_change_is_decrease pegged_change_amount "
    "reference_change_amount reference_exchange",
    _BENCHMARK,
)
_CONDITIONS = (
    Slot("order.conditions", Counted(ConditionKind())),
    *_order("conditions_ignore_rth conditions_cancel_order", _CONDITIONAL),
)


_TAIL = _order(
    "min_trade_qty min_compete_size compete_against_best_offset mid_offset_at_whole "
    "mid_offset_at_half"
)


def place_order() -> Layout:
    """Return the layout of a client's order."""
    return Layout(
        (
            _plain("order_id", INTEGER),
            *part(
                Contract,
                "contract",
                "con_id symbol sec_type expiry strike right multiplier exchange "
                "primary_exchange currency local_symbol trading_class",
            ),
            _plain("sec_id_type", TEXT),
            _plain("sec_id", TEXT),
            *_order(
                "action total_quantity order_type lmt_price aux_price tif oca_group account "
                "open_close origin order_ref transmit parent_id block_order sweep_to_fill "
                "display_size trigger_method outside_rth hidden"
            ),
            *(replace(slot, when=_A_COMBO) for slot in _COMBO_LISTS),
            fixed(""),
            *_order(
                "discretionary_amt good_after_time good_till_date fa_group fa_method fa_percentage"
            ),
            *_before(177, _order("fa_profile")),
            *_order(
                "model_code short_sale_slot designated_location exempt_code oca_type rule_80a "
                "settling_firm all_or_none min_qty percent_offset e_trade_only firm_quote_only "
                "nbbo_price_cap auction_strategy starting_price stock_ref_price delta "
                "stock_range_lower stock_range_upper override_percentage_constraints volatility "
                "volatility_type delta_neutral_order_type delta_neutral_aux_price"
            ),
            *_order(
                "delta_neutral_con_id delta_neutral_settling_firm delta_neutral_clearing_account "
                "delta_neutral_clearing_intent delta_neutral_open_close delta_neutral_short_sale "
                "delta_neutral_short_sale_slot delta_neutral_designated_location",
                _GIVEN_NEUTRAL_TYPE,
            ),
            *_order(
                "continuous_update reference_price_type trail_stop_price trailing_percent "
                "scale_init_level_size scale_subs_level_size scale_price_increment"
            ),
            *_SCALE,
            *_order("scale_table active_start_time active_stop_time hedge_type"),
            *_order("hedge_param", _HEDGED),
            *_order("opt_out_smart_routing clearing_account clearing_intent not_held"),
            _plain("has_delta_neutral", INTEGER),
            *_DELTA_NEUTRAL,
            *_ALGORITHM,
            *_order("algo_id what_if misc_options solicited randomize_size randomize_price"),
            *_PEGGED,
            *_CONDITIONS,
            *_order(
                "adjusted_order_type trigger_price lmt_price_offset adjusted_stop_price "
                "adjusted_stop_limit_price adjusted_trailing_amount adjustable_trailing_unit "
                "ext_operator soft_dollar_tier soft_dollar_value cash_qty mifid_decision_maker "
                "mifid_decision_algo mifid_execution_trader mifid_execution_algo "
                "dont_use_auto_price_for_hedge is_oms_container discretionary_up_to_limit_price "
                "use_price_mgmt_algo"
            ),
            *_since(158, _order("duration")),
            *_since(160, _order("post_to_ats")),
            *_since(162, _order("auto_cancel_parent")),
            *_since(166, _order("advanced_error_override")),
            *_since(169, _order("manual_order_time")),
            *_since(170, _order("min_trade_qty", _IN_ATS)),
            *_since(170, _order("min_compete_size compete_against_best_offset", _PEG_BEST)),
            *_since(170, _order("mid_offset_at_whole mid_offset_at_half", _UP_TO_MID)),
            *_since(170, _order("mid_offset_at_whole mid_offset_at_half", _PEG_MID)),
        )
    )


def open_order() -> Layout:
    """Return the layout of the gateway's word about an order."""
    return Layout(
        (
            _plain("order.order_id", INTEGER),
            *part(Contract, "contract", WITHOUT_PRIMARY),
            *_order(
                "action total_quantity order_type lmt_price aux_price tif oca_group account "
                "open_close origin order_ref client_id perm_id outside_rth hidden "
                "discretionary_amt good_after_time shares_allocation fa_group fa_method "
                "fa_percentage"
            ),
            *_before(177, _order("fa_profile")),
            *_order(
                "model_code good_till_date rule_80a percent_offset settling_firm "
                "short_sale_slot designated_location exempt_code auction_strategy starting_price "
                "stock_ref_price delta stock_range_lower stock_range_upper display_size "
                "block_order sweep_to_fill all_or_none min_qty oca_type e_trade_only "
                "firm_quote_only nbbo_price_cap parent_id trigger_method volatility "
                "volatility_type delta_neutral_order_type delta_neutral_aux_price"
            ),
            *_order(
                "delta_neutral_con_id delta_neutral_settling_firm delta_neutral_clearing_account "
                "delta_neutral_clearing_intent delta_neutral_open_close delta_neutral_short_sale "
                "delta_neutral_short_sale_slot delta_neutral_designated_location",
                _GIVEN_NEUTRAL_TYPE,
            ),
            *_order(
                "continuous_update reference_price_type trail_stop_price trailing_percent "
                "basis_points basis_points_type combo_legs_description"
            ),
            *_COMBO_LISTS,
            *_order("scale_init_level_size scale_subs_level_size scale_price_increment"),
            *_SCALE,
            *_order("hedge_type"),
            *_order("hedge_param", _HEDGED),
            *_order("opt_out_smart_routing clearing_account clearing_intent not_held"),
            _plain("has_delta_neutral", INTEGER),
            *_DELTA_NEUTRAL,
            *_ALGORITHM,
            *_order("solicited what_if"),
            *part(
                OrderState,
                "state",
                "status init_margin_before maint_margin_before equity_with_loan_before "
                "init_margin_change maint_margin_change equity_with_loan_change "
                "init_margin_after maint_margin_after equity_with_loan_after commission "
                "min_commission max_commission commission_currency warning_text",
            ),
            *_order("randomize_size randomize_price"),
            *_PEGGED,
            *_CONDITIONS,
            *_order(
                "adjusted_order_type trigger_price adjusted_trail_stop_price lmt_price_offset "
                "adjusted_stop_price adjusted_stop_limit_price adjusted_trailing_amount "
                "adjustable_trailing_unit soft_dollar_tier soft_dollar_value "
                "soft_dollar_display cash_qty dont_use_auto_price_for_hedge is_oms_container "
                "discretionary_up_to_limit_price use_price_mgmt_algo"
            ),
            *_since(159, _order("duration")),
            *_since(160, _order("post_to_ats")),
            *_since(162, _order("auto_cancel_parent")),
            *_since(170, _TAIL),
        )
    )


def completed_order() -> Layout:
    """Return the layout of a done order: it has no order id and no client id."""
    return Layout(
        (
            *part(Contract, "contract", WITHOUT_PRIMARY),
            *_order(
                "action total_quantity order_type lmt_price aux_price tif oca_group account "
                "open_close origin order_ref perm_id outside_rth hidden discretionary_amt "
                "good_after_time fa_group fa_method fa_percentage"
            ),
            *_before(177, _order("fa_profile")),
            *_order(
                "model_code good_till_date rule_80a percent_offset settling_firm "
                "short_sale_slot designated_location exempt_code starting_price stock_ref_price "
                "delta stock_range_lower stock_range_upper display_size sweep_to_fill "
                "all_or_none min_qty oca_type trigger_method volatility volatility_type "
                "delta_neutral_order_type delta_neutral_aux_price"
            ),
            *_order(
                "delta_neutral_con_id delta_neutral_short_sale delta_neutral_short_sale_slot "
                "delta_neutral_designated_location",
                _GIVEN_NEUTRAL_TYPE,
            ),
            *_order(
                "continuous_update reference_price_type trail_stop_price trailing_percent "
                "combo_legs_description"
            ),
            *_COMBO_LISTS,
            *_order("scale_init_level_size scale_subs_level_size scale_price_increment"),
            *_SCALE,
            *_order("hedge_type"),
            *_order("hedge_param", _HEDGED),
            *_order("clearing_account clearing_intent not_held"),
            _plain("has_delta_neutral", INTEGER),
            *_DELTA_NEUTRAL,
            *_ALGORITHM,
            *_order("solicited"),
            *part(OrderState, "state", "status"),
            *_order("randomize_size randomize_price"),
            *_PEGGED,
            *_CONDITIONS,
            *_order(
                "adjusted_trail_stop_price lmt_price_offset cash_qty "
                "dont_use_auto_price_for_hedge is_oms_container auto_cancel_date "
                "filled_quantity ref_futures_con_id auto_cancel_parent shareholder "
                "imbalance_only route_marketable_to_bbo parent_perm_id"
            ),
            *part(OrderState, "state", "completed_time completed_status"),
            *_since(170, _TAIL),
        )
    )
