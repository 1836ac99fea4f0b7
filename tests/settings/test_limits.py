"""``[limits]``, the account's and a strategy's own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from skim_core.errors import ConfigError
from skim_core.model.limits import Limits
from skim_core.settings import describe, show

CANARY = "canary-in-the-mine"


def refusal(load, *arguments, **variables) -> str:
    with pytest.raises(ConfigError) as caught:
        load(*arguments, **variables)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_any_nothing_is_limited(load):
    settings = load("[strategy.orb]\ngap = 2\n")
    assert settings.limits == Limits()
    assert settings.strategy_limits("orb") == settings.strategy_limits("other") == Limits()
    assert settings.protection_limit == dt.timedelta(minutes=1)
    assert settings.halt_after == 3


def test_the_accounts_limits_and_a_strategys_own_are_apart(load):
    settings = load(
        """
        protection_limit = "90s"
        halt_after = 4
        [limits]
        positions = 3
        price_distance = 2.5
        before_close = "10m"
        gateway_restart = 23:45:00
        [strategy.orb]
        gap = 2
        [strategy.orb.limits]
        order_value = "5000.50"
        symbols = ["BHP", "CBA"]
        """
    )
    assert settings.limits == Limits(
        positions=3,
        price_distance=Decimal("2.5"),
        before_close=dt.timedelta(minutes=10),
        gateway_restart=dt.time(23, 45),
    )
    own = Limits(order_value=Decimal("5000.50"), symbols=("BHP", "CBA"))
    assert settings.strategy_limits("orb") == own
    assert settings.strategy("orb") == ({"gap": 2}, {})
    assert (settings.protection_limit, settings.halt_after) == (dt.timedelta(seconds=90), 4)


def test_variables_win_over_the_file_limit_by_limit(load):
    settings = load(
        "[limits]\npositions = 3\norders_per_day = 9\n[strategy.orb.limits]\ndrawdown = 100\n",
        LIMITS__POSITIONS="4",
        LIMITS__SYMBOLS="BHP, CBA",
        LIMITS__DELAYED_DATA="true",
        LIMITS__GATEWAY_RESTART="23:45",
        STRATEGY__ORB__LIMITS__DRAWDOWN="300.5",
        HALT_AFTER="7",
    )
    limits = settings.limits
    assert (limits.positions, limits.orders_per_day) == (4, 9)
    assert limits.symbols == ("BHP", "CBA")
    assert limits.delayed_data is True
    assert limits.gateway_restart == dt.time(23, 45)
    assert settings.strategy_limits("orb").drawdown == Decimal("300.5")
    assert settings.halt_after == 7


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("positions = -1", "positions must be a whole number from 0", "-1"),
        ("positions = 1.5", "positions must be a whole number from 0", "1.5"),
        ("positions = true", "positions must be a whole number from 0", "true"),
        ('order_value = "{much}"', "order_value must be an amount above 0", "'{much}'"),
        ("loss_per_day = 0", "loss_per_day must be an amount above 0", "0"),
        ("price_distance = nan", "a number above 0, in per cent", "nan"),
        ('symbols = ["a b"]', "a list of symbols, such as ['BHP', 'CBA']", "['a b']"),
        ('before_close = "soon"', "a duration, such as '10m'", "'soon'"),
        ("quote_age = 10", "a duration, such as '10m'", "10"),
        ("gateway_restart = 2345", "a time of day in the exchange's zone", "2345"),
        ('delayed_data = "perhaps"', "delayed_data must be true or false", "'perhaps'"),
        ("positons = 3", "there is no limit 'positons'", "(did you mean 'positions'?)"),
    ],
)
@pytest.mark.parametrize("table", ["limits", "strategy.orb.limits"])
def test_a_wrong_limit_is_told_with_its_line_and_what_is_expected(
    load, table, text, expected, found
):
    told = refusal(load, f"account = 'a'\n[{table}]\n{text}\n")
    assert "skim.toml, line 3: " in told
    assert expected in told
    assert found in told


@pytest.mark.parametrize(
    ("text", "key"),
    [("limits = 3", "limits"), ("[strategy.orb]\nlimits = 3", "strategy.orb.limits")],
)
def test_limits_that_are_no_table_are_refused(load, text, key):
    assert f"{key} must be a table: write [{key}]" in refusal(load, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("halt_after = 0", "halt_after must be a whole number from 1, found 0"),
        ("halt_after = true", "halt_after must be a whole number from 1, found true"),
        ('protection_limit = "0s"', "protection_limit must be a duration from 1s to 1h"),
        ('protection_limit = "2h"', "protection_limit must be a duration from 1s to 1h"),
    ],
)
def test_when_to_halt_and_to_cry_out_has_bounds(load, text, expected):
    assert expected in refusal(load, text)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("LIMITS", "3", "SKIM_LIMITS names no limit: write SKIM_LIMITS__<LIMIT>"),
        ("LIMITS__POSITION", "3", "(did you mean 'positions'?)"),
        ("LIMITS__POSITIONS__A", "3", "names no limit"),
        ("LIMITS__POSITIONS", "few", "SKIM_LIMITS__POSITIONS: limits.positions must be"),
        ("LIMITZ__POSITIONS", "3", "did you mean 'SKIM_LIMITS'?"),
    ],
)
def test_a_variable_that_is_no_limit_is_told(load, variable, value, told):
    assert told in refusal(load, "", **{variable: value})


def test_limits_are_shown_with_where_they_come_from(load):
    settings = load(
        "[limits]\npositions = 3\n[strategy.orb.limits]\norder_value = 5000\n",
        LIMITS__DRAWDOWN="1000",
    )
    rows = show(settings)["settings"]
    assert rows["limits.positions"] == {"value": 3, "source": "file"}
    assert rows["limits.drawdown"] == {"value": "1000", "source": "environment"}
    assert rows["limits.order_value"] == {"value": None, "source": "default"}
    assert rows["limits.restart_margin"] == {"value": "2m", "source": "default"}
    assert rows["strategy.orb.limits.order_value"] == {"value": 5000, "source": "file"}


def test_every_limit_is_described():
    rows = {row.key: row for row in describe()}
    assert {f"limits.{name}" for name in Limits.model_fields} <= rows.keys()
    assert rows["limits.restart_margin"].default == "'2m'"
    assert rows["limits.delayed_data"].default == "false"
    assert rows["limits.positions"].default == "none"


def test_a_table_below_a_limit_shows_nothing_of_what_is_in_it(load):
    told = refusal(load, f'[limits.positions]\ntoken = "{CANARY}"\n')
    assert CANARY not in told
