"""The rules of exchanges: figures as their sources state them."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.calendar.exchanges import load_exchange
from skim_core.calendar.sessions import SessionCalendar
from skim_core.errors import ConfigError

LAST_GROUPED, FIRST_SINGLE = date(2025, 6, 20), date(2025, 6, 23)


@pytest.mark.parametrize(
    ("mic", "price", "tick"),
    [
        ("XASX", "0.001", "0.001"),
        ("XASX", "0.099", "0.001"),
        ("XASX", "0.10", "0.005"),
        ("XASX", "1.995", "0.005"),
        ("XASX", "2.00", "0.01"),
        ("XASX", "45.10", "0.01"),
        ("XNYS", "0.9999", "0.0001"),
        ("XNYS", "1.00", "0.01"),
        ("XNAS", "0.9999", "0.0001"),
        ("XNAS", "250", "0.01"),
    ],
)
def test_the_tick_follows_the_price(mic, price, tick):
    assert load_exchange(mic).tick(Decimal(price)) == Decimal(tick)


# The examples are those that Interactive Brokers prints beside its schedules.
@pytest.mark.parametrize(
    ("mic", "quantity", "price", "charge"),
    [
        ("XASX", 400, "50", "16.00"),
        ("XASX", 100, "1", "6.00"),
        ("XASX", 7500, "1", "6.00"),
        ("XASX", 10_000, "1", "8.00"),
        ("XNYS", 100, "25", "1.00"),
        ("XNYS", 1000, "25", "5.00"),
        ("XNYS", 1000, "0.25", "2.50"),
        ("XNAS", 1000, "25", "5.00"),
    ],
)
def test_an_order_costs_what_the_broker_s_schedule_says(mic, quantity, price, charge):
    assert load_exchange(mic).commission.charge(quantity, Decimal(price)) == Decimal(charge)


@pytest.mark.parametrize(
    ("symbols", "opens"),
    [
        (("3PL", "A2M", "BHP"), time(10, 0)),
        (("CBA", "FMG"), time(10, 2, 15)),
        (("GMG", "MQG"), time(10, 4, 30)),
        (("NAB", "RIO"), time(10, 6, 45)),
        (("STO", "ZIP"), time(10, 9)),
    ],
)
def test_the_asx_opened_in_five_groups_until_june_2025(tmp_path, symbols, opens):
    asx = load_exchange("XASX", on=LAST_GROUPED)
    session = SessionCalendar("XASX", tmp_path).session(LAST_GROUPED)
    assert {session.local(asx.opening(symbol, session)).time() for symbol in symbols} == {opens}


@pytest.mark.parametrize("on", [FIRST_SINGLE, date(2026, 9, 25), None])
def test_all_symbols_of_the_asx_open_together_since(tmp_path, on):
    asx = load_exchange("XASX", on=on)
    session = SessionCalendar("XASX", tmp_path).session(on or date(2026, 9, 25))
    assert {asx.opening(symbol, session) for symbol in ("3PL", "BHP", "ORI", "ZIP")} == {
        session.open
    }


@given(character=st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_every_symbol_belonged_to_one_opening_group(character):
    groups = load_exchange("XASX", on=LAST_GROUPED).opening_groups
    assert sum(character in group.first_characters for group in groups) == 1


def test_the_closing_auctions_trade_ten_minutes_after_the_close_or_at_it():
    assert load_exchange("XASX").closing_auction.total_seconds() == 600
    assert load_exchange("XNYS").closing_auction.total_seconds() == 0


@pytest.mark.parametrize("mic", ["XASX", "XNYS", "XNAS"])
def test_an_exchange_agrees_with_its_calendar_and_names_its_sources(mic, tmp_path):
    exchange = load_exchange(mic)
    session = SessionCalendar(mic, tmp_path).session(date(2026, 7, 1))
    assert (exchange.mic, exchange.timezone) == (mic, session.timezone)
    assert exchange.sources
    assert exchange.commission.source


def test_an_exchange_that_shares_a_calendar_shares_its_rules():
    arca = load_exchange("ARCX")
    assert arca.mic == "ARCX"
    assert arca.ticks == load_exchange("XNYS").ticks


def test_an_exchange_without_a_data_file_has_the_documented_default():
    tokyo = load_exchange("XTKS")
    assert (tokyo.mic, tokyo.timezone, tokyo.currency) == ("XTKS", "Asia/Tokyo", "XXX")
    assert tokyo.tick(Decimal("0.5")) == tokyo.tick(Decimal(5000)) == Decimal("0.01")
    assert tokyo.opening_groups == ()
    assert tokyo.commission.charge(100, Decimal(10)) == 0
    assert tokyo.sources[0].startswith("assumed")


@pytest.mark.parametrize("name", ["XASY", "asx", "../exchanges/XASX", ""])
def test_an_unknown_exchange_has_no_rules(name):
    with pytest.raises(ConfigError, match="ISO 10383"):
        load_exchange(name)
