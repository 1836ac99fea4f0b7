"""What the gateway sends, read back by its own table and by ib_async's decoder."""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal

import pytest
from gateway_ib_async import decoded_by_ib_async
from gateway_samples import BHP, ORDER, SAMPLES
from gateway_strategies import messages_of
from hypothesis import given, settings
from hypothesis import strategies as st
from skim_gateway.wire import answers as a
from skim_gateway.wire.answers import ANSWERS
from skim_gateway.wire.codec import decode_answer, encode_answer
from skim_gateway.wire.contracts import Contract
from skim_gateway.wire.framing import Frames, split
from skim_gateway.wire.orders import Order, OrderState

VERSIONS = range(157, 179)

SILENT = {"OptionParametersEnd": "securityDefinitionOptionParameterEnd"}


def fields_of(answer, version):
    (payload,) = Frames(largest=1 << 24).feed(encode_answer(answer, version))
    return split(payload)


def camel(name):
    special = {
        "rule_80a": "rule80A",
        "expiry": "lastTradeDateOrContractMonth",
        "oca_type": "ocaType",
        "delta_neutral_con_id": "deltaNeutralConId",
    }
    return special.get(name) or re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), name)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_answer_reaches_a_callback_of_ib_async(version):
    for answer in SAMPLES:
        fields = fields_of(answer, version)
        called = decoded_by_ib_async(fields, version)
        assert called, f"{answer} reached no callback as {fields}"


def test_the_samples_are_all_answers():
    assert {type(sample) for sample in SAMPLES} == set(ANSWERS.messages.values())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_answer_is_read_back_by_its_own_table(version):
    for answer in SAMPLES:
        fields = fields_of(answer, version)
        read = ANSWERS.decode(fields, version)
        assert ANSWERS.encode(read, version) == fields


@given(st.data(), st.sampled_from(VERSIONS))
def test_any_values_are_read_back_as_they_were(data, version):
    cls = data.draw(st.sampled_from(sorted(ANSWERS.messages.values(), key=lambda cls: cls.ID)))
    answer = data.draw(messages_of(cls, version))
    assert decode_answer(encode_answer(answer, version)[4:], version) == answer


# Field by field, as ib_async sees them

SAME_NAMES_IN_AN_ORDER = [
    field.name
    for field in dataclasses.fields(Order)
    if field.name
    not in {
        # Not told by the gateway.
        "transmit",
        "override_percentage_constraints",
        "scale_table",
        "active_start_time",
        "active_stop_time",
        "algo_id",
        "misc_options",
        "ext_operator",
        "mifid_decision_maker",
        "mifid_decision_algo",
        "mifid_execution_trader",
        "mifid_execution_algo",
        "advanced_error_override",
        "manual_order_time",
        "shares_allocation",
        # Named or shaped differently there.
        "combo_legs_description",
        "combo_legs",
        "combo_leg_prices",
        "routing_params",
        "algo_params",
        "conditions",
        "pegged_change_is_decrease",
        "reference_exchange",
        "reference_contract_id",
        "pegged_change_amount",
        "reference_change_amount",
        "soft_dollar_tier",
        "soft_dollar_value",
        "soft_dollar_display",
        "trail_stop_price",
        "adjusted_trail_stop_price",
        "shareholder",
        # Only told of done orders.
        "auto_cancel_date",
        "filled_quantity",
        "ref_futures_con_id",
        "imbalance_only",
        "route_marketable_to_bbo",
        "parent_perm_id",
        # Only with a condition of its own.
        "conditions_ignore_rth",
        "conditions_cancel_order",
        "scale_price_adjust_value",
        "scale_price_adjust_interval",
        "scale_profit_offset",
        "scale_auto_reset",
        "scale_init_position",
        "scale_init_fill_qty",
        "scale_random_percent",
        "hedge_param",
    }
]


def seen(value):
    """Return a value as ib_async would have it."""
    if isinstance(value, Decimal):
        return float(value)
    return value


@settings(max_examples=30)
@given(messages_of(a.OpenOrder, 178))
def test_an_open_order_says_the_same_to_ib_async_field_by_field(answer):
    ((name, (order_id, contract, order, state)),) = decoded_by_ib_async(fields_of(answer, 178), 178)
    assert name == "openOrder"
    assert order_id == answer.order.order_id
    for field in SAME_NAMES_IN_AN_ORDER:
        given = getattr(answer.order, field)
        if given is None or field == "fa_profile":
            continue
        if field.startswith("delta_neutral") and not answer.order.delta_neutral_order_type:
            continue
        got = getattr(order, camel(field))
        if field == "scale_price_increment" and not given:
            continue  # ib_async takes 0 for unset
        if not isinstance(given, str):
            got = type(seen(given))(got or 0)
        assert got == seen(given), field
    for field in dataclasses.fields(OrderState):
        given = getattr(answer.state, field.name)
        if given is not None and not field.name.startswith("completed"):
            got = getattr(state, camel(field.name))
            assert (type(seen(given))(got)) == seen(given), field.name
    for field in dataclasses.fields(Contract):
        given = getattr(answer.contract, field.name)
        if given is not None and field.name != "primary_exchange":
            assert getattr(contract, camel(field.name)) == seen(given), field.name


def test_contract_details_say_the_same_to_ib_async():
    (sample,) = (sample for sample in SAMPLES if isinstance(sample, a.ContractDetails))
    for version in VERSIONS:
        ((_, (req_id, details)),) = decoded_by_ib_async(fields_of(sample, version), version)
        assert req_id == 4
        assert (details.contract.conId, details.contract.symbol) == (4036812, "BHP")
        assert (details.contract.primaryExchange, details.contract.exchange) == ("ASX", "ASX")
        assert details.minTick == 0.001
        assert details.longName == "BHP GROUP — ÉLITE"
        assert details.timeZoneId == "Australia/Sydney"
        assert details.marketRuleIds == "26,26"
        assert details.stockType == "COMMON"
        assert details.secIdList[0].value == "AU000000BHP4"
        assert details.minSize == (1 if version >= 164 else 0)
        assert details.suggestedSizeIncrement == (1 if version >= 163 else 0)


def test_a_plain_market_order_is_told_as_a_real_gateway_tells_it():
    """Field by field as published of a gateway that spoke version 164."""
    order = Order(
        order_id=13,
        client_id=100,
        perm_id=1376327563,
        action="BUY",
        total_quantity=Decimal(100),
        order_type="MKT",
        tif="DAY",
        account="DU1236109",
        shares_allocation="1376327563.0/DU1236109/100",
        oca_type=3,
        delta_neutral_order_type="None",
        clearing_intent="IB",
        adjusted_order_type="None",
        dont_use_auto_price_for_hedge=True,
    )
    contract = dataclasses.replace(BHP, right="?", exchange="SMART")
    told = a.OpenOrder(contract=contract, order=order, state=OrderState(status="PreSubmitted"))
    unset = "|".join(["1.7976931348623157E308"] * 9)
    unset_prices = "|".join(["1.7976931348623157E308"] * 6)
    assert "|".join(fields_of(told, 164)) == (
        "5|13|4036812|BHP|STK||0|?||SMART|AUD|BHP|BHP|BUY|100|MKT|0.0|0.0|DAY||DU1236109||0||100|"
        "1376327563|0|0|0||1376327563.0/DU1236109/100||||||||||0||-1|0||||||2147483647|0|0|0||3|0|"
        "0||0|0||0|None||0||||?|0|0||0|0||||||0|0|0|2147483647|2147483647|||0||IB|0|0||0|0|"
        f"PreSubmitted|{unset}||||||0|0|0|None|{unset_prices}|0||||0|1|0|0|0|||0"
    )
    assert len(fields_of(told, 178)) == 135
    assert len(fields_of(told, 173)) == 136


def test_a_done_order_is_told_as_a_real_gateway_tells_it():
    order = dataclasses.replace(
        ORDER,
        order_type="MKT",
        lmt_price=None,
        order_ref="",
        perm_id=1824933227,
        total_quantity=Decimal(0),
        clearing_intent="IB",
        dont_use_auto_price_for_hedge=True,
        filled_quantity=Decimal(100),
        shareholder="Not an insider or substantial shareholder",
    )
    state = OrderState(
        status="Filled",
        completed_time="20230306 12:28:30 America/Los_Angeles",
        completed_status="Filled Size: 100",
    )
    contract = dataclasses.replace(BHP, right="?", exchange="SMART")
    told = a.CompletedOrder(contract=contract, order=order, state=state)
    assert "|".join(fields_of(told, 164)) == (
        "101|4036812|BHP|STK||0|?||SMART|AUD|BHP|BHP|BUY|0|MKT|0.0|0.0|DAY||DU1234567||0||"
        "1824933227|0|0|0|||||||||||0||-1||||||2147483647|0|0||3|0||0|None||0|0|0||0|0||||0|0|0|"
        "2147483647|2147483647||||IB|0|0||0|Filled|0|0|0|1.7976931348623157E308|"
        "1.7976931348623157E308|0|1|0||100|2147483647|0|Not an insider or substantial shareholder"
        "|0|0|9223372036854775807|20230306 12:28:30 America/Los_Angeles|Filled Size: 100"
    )
