from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from skim_strategy_overnight.config import OvernightConfig

from skim_core.errors import ConfigError
from skim_core.testing import load_strategy, validate_config

README = Path(__file__).parent.parent / "README.md"
UNITS = {
    "gap_minimum": "in %",
    "price_minimum": "in the quote currency",
    "volume_minimum": "in shares",
    "ranked_maximum": "Most shares",
    "strength_minimum": "in %",
    "positions_maximum": "Most positions",
    "position_value": "in the quote currency",
    "stop_distance": "in %",
    "exit_after_open": "in minutes",
}


def configure(**section):
    return validate_config(load_strategy("overnight"), section)


def test_every_setting_says_its_unit():
    described = {name: field.description for name, field in OvernightConfig.model_fields.items()}
    assert described.keys() == UNITS.keys()
    assert not [name for name, unit in UNITS.items() if unit not in described[name]]


def test_the_readme_names_every_setting_with_its_default():
    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", README.read_text("utf-8"), re.MULTILINE))
    assert rows == {
        name: str(field.default) for name, field in OvernightConfig.model_fields.items()
    }


def test_a_day_can_be_run_without_any_setting():
    assert configure() == OvernightConfig()


def test_a_misspelt_setting_is_refused_with_the_nearest_there_is():
    with pytest.raises(ConfigError, match=r"gap_minimun.*gap_minimum"):
        configure(gap_minimun=4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gap_minimum", -1),
        ("price_minimum", "-0.01"),
        ("volume_minimum", -1),
        ("ranked_maximum", 0),
        ("ranked_maximum", 51),
        ("strength_minimum", 101),
        ("positions_maximum", 0),
        ("position_value", 0),
        ("stop_distance", 0),
        ("stop_distance", 100),
        ("exit_after_open", -1),
        ("exit_after_open", 121),
        ("position_value", "much"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=name):
        configure(**{name: value})


def test_the_exit_delay_is_in_minutes():
    assert OvernightConfig(exit_after_open=25).exit_delay == timedelta(minutes=25)
