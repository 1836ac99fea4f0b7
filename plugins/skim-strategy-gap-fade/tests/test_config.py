from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from skim_strategy_gap_fade.config import FadeConfig

from skim_core.errors import ConfigError
from skim_core.testing import load_strategy, validate_config

README = Path(__file__).parent.parent / "README.md"
UNITS = {
    "gap_minimum": "in %",
    "price_minimum": "in the quote currency",
    "volume_minimum": "in shares",
    "candidates_maximum": "Most candidates",
    "wait_minutes": "in minutes",
    "recovery": "in %",
    "target_fill": "in %",
    "risk_per_trade": "in the quote currency",
    "position_value_maximum": "in the quote currency",
    "positions_maximum": "Most positions",
    "exit_before_close": "in minutes",
}


def configure(**section):
    return validate_config(load_strategy("gap_fade"), section)


def test_every_setting_says_its_unit():
    described = {name: field.description for name, field in FadeConfig.model_fields.items()}
    assert described.keys() == UNITS.keys()
    assert not [name for name, unit in UNITS.items() if unit not in described[name]]


def test_the_readme_names_every_setting_with_its_default():
    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", README.read_text("utf-8"), re.MULTILINE))
    assert rows == {name: str(field.default) for name, field in FadeConfig.model_fields.items()}


def test_a_day_can_be_run_without_any_setting():
    assert configure() == FadeConfig()


def test_a_misspelt_setting_is_refused_with_the_nearest_there_is():
    with pytest.raises(ConfigError, match=r"gap_minimun.*gap_minimum"):
        configure(gap_minimun=4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gap_minimum", 0),
        ("price_minimum", "-0.01"),
        ("volume_minimum", -1),
        ("candidates_maximum", 0),
        ("candidates_maximum", 51),
        ("wait_minutes", 0),
        ("wait_minutes", 61),
        ("recovery", -1),
        ("recovery", 101),
        ("target_fill", 0),
        ("target_fill", 101),
        ("risk_per_trade", 0),
        ("position_value_maximum", 0),
        ("positions_maximum", 0),
        ("exit_before_close", 1),
        ("exit_before_close", 121),
        ("risk_per_trade", "much"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=name):
        configure(**{name: value})


def test_the_exit_lead_is_in_minutes():
    assert FadeConfig(exit_before_close=25).exit_lead == timedelta(minutes=25)
