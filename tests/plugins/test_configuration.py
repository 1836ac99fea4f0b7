"""A strategy's section is validated by its own model, and no secret is ever shown."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from skim_core.errors import ConfigError
from skim_core.plugins.configuration import validate_config, validated
from skim_core.plugins.strategies import StrategyPlugin, load_strategy

STRATEGY = """
from typing import Literal
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from skim_core import Phase, PhaseGraph, hooks

class Account(BaseModel):
    user: str = "u"
    password: SecretStr = SecretStr("p")

class Window(BaseModel):
    minutes: int = 5

class Config(BaseModel):
    gap_percent: float = Field(3, gt=0)
    symbols: list[str] = []
    side: Literal["buy", "sell"] = "buy"
    token: SecretStr | None = None
    pin: int = Field(0, repr=False)
    account: Account = Account()
    window: Window | None = None
    risk: int = Field(1, alias="risk_percent")

    @field_validator("token")
    def _long(cls, value):
        if len(value.get_secret_value()) < 8:
            raise ValueError(f"{value.get_secret_value()} is too short")
        return value

    @model_validator(mode="after")
    def _fits(self):
        if self.gap_percent > 50 and self.side == "sell":
            raise ValueError("a sale needs a gap_percent of at most 50")
        return self

class Required(BaseModel):
    api_key: SecretStr

class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

@hooks.phase_graph
def skim_phase_graph():
    return PhaseGraph(Phase("scan"))

@hooks.scan
def skim_scan(): ...

@hooks.config_model
def skim_config_model():
    return Config
"""


@pytest.fixture
def strategy(install) -> StrategyPlugin:
    install("tried", STRATEGY)
    return load_strategy("tried")


def _refusal(strategy: StrategyPlugin, section: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as refused:
        validate_config(strategy, section)
    shown = "".join(traceback.format_exception(refused.value))
    assert "hunter2" not in shown
    return str(refused.value)


def test_a_section_becomes_the_strategys_own_model(strategy):
    config = validate_config(strategy, {"gap_percent": "4.5", "risk_percent": 2})

    assert type(config).__name__ == "Config"
    assert config.gap_percent == 4.5
    assert config.risk == 2


def test_the_overrides_of_phases_are_left_to_the_graph(strategy):
    assert validate_config(strategy, {"phases": {"scan": {"at": "open+2m"}}})


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"gap_percnt": 4}, "[strategy.tried] gap_percnt: there is no such key (did you mean "),
        ({"gap_percnt": 4}, "(did you mean 'gap_percent'?): the keys are gap_percent, symbols"),
        ({"riks_percent": 4}, "(did you mean 'risk_percent'?)"),
        ({"window": {"minuts": 4}}, "window.minuts: there is no such key (did you mean 'minutes'"),
        (
            {"gap_percent": -1},
            "[strategy.tried] gap_percent: it must be greater than 0 (found -1).",
        ),
        ({"symbols": ["BHP", 5]}, "symbols.1: it must be a valid string (found 5)."),
        ({"side": "hold"}, "side: it must be 'buy' or 'sell' (found 'hold')."),
        ({"symbols": {"a": 1}}, "[strategy.tried] symbols: it must be a valid list."),
        (
            {"gap_percent": 60, "side": "sell"},
            "[strategy.tried] a sale needs a gap_percent of at most 50.",
        ),
    ],
)
def test_a_fault_names_the_key_and_the_mend(strategy, section, told):
    assert told in _refusal(strategy, section)


def test_every_fault_is_told_on_a_line_of_its_own(strategy):
    lines = _refusal(strategy, {"gap_percent": "wide", "side": "hold"}).splitlines()

    assert [line.partition(":")[0] for line in lines] == [
        "[strategy.tried] gap_percent",
        "[strategy.tried] side",
    ]


@pytest.mark.parametrize(
    "section",
    [
        {"token": "hunter2"},
        {"token": ["hunter2"]},
        {"tokn": "hunter2"},
        {"pin": "hunter2"},
        {"account": "hunter2"},
        {"account": {"password": {"hunter2": "hunter2"}}},
        {"account": {"pasword": "hunter2"}},
        {"token": "hunter2", "gap_percent": -1},
    ],
)
def test_a_secret_is_never_shown(strategy, section):
    assert _refusal(strategy, section)


@pytest.fixture
def strategy_with(install):
    def load(model: str) -> StrategyPlugin:
        install("other", STRATEGY.replace("return Config", f"return {model}"))
        return load_strategy("other")

    return load


def test_a_missing_key_is_told(strategy_with):
    assert _refusal(strategy_with("Required"), {}) == (
        "[strategy.other] api_key: it is missing and has no default: set it."
    )


def test_a_model_may_allow_any_key(strategy_with):
    assert validate_config(strategy_with("Open"), {"anything": 1}).model_dump() == {"anything": 1}


def test_a_strategy_without_a_configuration_refuses_every_key(install):
    install("plain")

    with pytest.raises(ConfigError, match="gap: there is no such key: it takes no keys here"):
        validate_config(load_strategy("plain"), {"gap": 1})


class Door(BaseModel):
    number: int = 0
    pin: SecretStr = SecretStr("")
    hint: str = Field("", pattern="^[a-z]+$", repr=False)


class House(BaseModel):
    doors: dict[str, Door] = {}
    rooms: list[Door] = []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"doors": {"back": {"number": "one"}}}, "doors.back.number: it must be a valid int"),
        ({"rooms": [{"number": "one"}]}, "rooms.0.number: it must be a valid integer"),
        ({"doors": {"back": {"numbr": 1}}}, "doors.back.numbr: there is no such key"),
    ],
)
def test_a_fault_beside_a_secret_in_a_table_of_tables_is_told(values, told):
    with pytest.raises(ConfigError) as refused:
        validated(House, "extension.house", values)

    assert told in str(refused.value)


@pytest.mark.parametrize(
    "values",
    [
        {"doors": {"back": {"pin": ["hunter2"]}}},
        {"doors": {"back": {"hint": "hunter2"}}},
        {"doors": {"back": "hunter2"}},
        {"doors": "hunter2"},
        {"rooms": ["hunter2"]},
        {"rooms": [{"hint": "hunter2"}]},
    ],
)
def test_a_secret_in_a_table_of_tables_is_never_shown(values):
    with pytest.raises(ConfigError) as refused:
        validated(House, "extension.house", values)

    assert "hunter2" not in str(refused.value)
    assert "and not shown" in str(refused.value)
