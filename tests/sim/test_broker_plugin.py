"""The plugin `sim`: its options, and the broker that it makes."""

import subprocess
import sys
from decimal import Decimal

import pytest

from skim_core.errors import ConfigError
from skim_core.model.exchange import OpeningGroup
from skim_core.ports.broker import BrokerSetup, GapScan
from skim_core.sim.options import SimOptions, read_options
from skim_core.sim.plugin import skim_make_broker


def test_every_option_has_a_default():
    assert read_options({}) == SimOptions()
    assert read_options({"participation": "none"}).participation is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sead": 1}, r"\[brokers.sim\] has no option 'sead' \(did you mean 'seed'\?\): it takes"),
        ({"participation": 2}, r"\[brokers.sim\] participation: .*1, found 2"),
        ({"participation": "all"}, r"\[brokers.sim\] participation: .*found 'all'"),
        ({"latency": "soon"}, r"\[brokers.sim\] latency: 'soon' is not a duration"),
        ({"halts": [{"symbol": "BHP", "from": "noon", "to": "close"}]}, "halts.0.from: 'noon' is"),
        ({"cash": -1}, "cash: .*found -1"),
    ],
)
def test_wrong_option_is_named_with_what_was_found(options, message):
    with pytest.raises(ConfigError, match=message):
        read_options(options)


@pytest.fixture
def setup(by_hand, tmp_path):
    session = by_hand.make_session(60)
    rules = by_hand.make_rules().model_copy(
        update={"opening_groups": (OpeningGroup(first_characters="A", delay="1m"),)}
    )

    def setup(**options):
        clock = by_hand.HandClock(session.open)
        return clock, BrokerSetup("paper", clock, rules, (session,), tmp_path, options)

    return setup


def test_broker_on_the_generated_market_trades(setup, by_hand):
    clock, made = setup(symbols=40, cash=50_000, participation="none")
    broker = skim_make_broker(made)
    do = by_hand.Desk.do
    do(broker.connect())
    symbols = do(broker.symbols())
    assert len(symbols) == 40
    clock.advance(by_hand.at(30))
    rows = do(broker.scan(GapScan(minimum_percent=Decimal(0))))
    quote = do(broker.quotes([rows[0].symbol]))[rows[0].symbol]
    do(broker.submit([by_hand.buy("A", 1, symbol=rows[0].symbol)]))
    clock.advance(by_hand.at(60))
    (fill,) = do(broker.executions())
    assert abs(fill.price / quote.last - 1) < Decimal("0.2")
    assert do(broker.account()).cash == 50_000 - fill.price


def test_wrong_option_refuses_the_broker(setup):
    with pytest.raises(ConfigError, match="no option 'sead'"):
        skim_make_broker(setup(sead=2)[1])


def test_importing_the_plugin_imports_no_numpy():
    code = "import sys; import skim_core.sim.plugin; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
