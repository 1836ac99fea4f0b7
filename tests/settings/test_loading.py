from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from skim_core.errors import ConfigError
from skim_core.settings import Settings, load_settings


def test_everything_has_a_default(load):
    settings = load()
    assert settings.exchange == "XASX"
    assert settings.broker == "sim"
    assert settings.engine == "local"
    assert settings.account == "paper"
    assert settings.trading_mode == "paper"
    assert settings.pace == "fast"
    assert settings.lead == timedelta(minutes=15)
    assert settings.lease_term == timedelta(seconds=30)
    assert settings.extensions == "all"
    assert settings.journal == settings.directory / "journal.sqlite"
    assert settings.strategy("orb") == ({}, {})
    assert settings.broker_options("sim") == {}


def test_options_win_over_variables_and_variables_over_the_file(load):
    text = 'exchange = "XNYS"\nengine = "first"\naccount = "file"\n'
    settings = load(text, {"SKIM_ACCOUNT": "option"}, ENGINE="second", ACCOUNT="variable")
    assert (settings.exchange, settings.engine, settings.account) == ("XNYS", "second", "option")


def test_a_table_is_merged_key_by_key(load):
    text = "[strategy.orb]\ngap = 2\nbuffer = 1\n"
    settings = load(text, STRATEGY__ORB__GAP="3", STRATEGY__ORB__PHASES__SCAN__TIMEOUT="3m")
    assert settings.strategy("orb") == ({"gap": 3, "buffer": 1}, {"scan": {"timeout": "3m"}})


def test_phase_policies_are_apart_from_the_strategys_own_settings(load):
    text = """
        [strategy.orb]
        gap = 2.5
        [strategy.orb.phases.scan]
        retry = { attempts = 3 }
    """
    assert load(text).strategy("orb") == ({"gap": 2.5}, {"scan": {"retry": {"attempts": 3}}})


def test_a_broker_has_options_of_its_own(load):
    settings = load('broker = "ibkr"\n[brokers.ibkr]\nport = 4002\n')
    assert settings.broker_options("ibkr") == {"port": 4002}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-2.5", -2.5),
        ("1e3", 1000.0),
        ("true", True),
        ('"3"', "3"),
        ('["BHP", "CBA"]', ["BHP", "CBA"]),
        ("{ attempts = 3 }", {"attempts": 3}),
        ("BHP", "BHP"),
        ("True", "True"),
        ("007", "007"),
        ("2026-01-05", "2026-01-05"),
        ("10:30:00", "10:30:00"),
        ("nan", "nan"),
        ("1e999", "1e999"),
        ("3\nother = 4", "3\nother = 4"),
        ("", ""),
        ("[" * 5000, "[" * 5000),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_variable_in_a_free_table_is_what_it_looks_like(load, text, value):
    config, _ = load(STRATEGY__ORB__VALUE=text).strategy("orb")
    assert config["value"] == value
    assert type(config["value"]) is type(value)


def test_a_secret_in_a_variable_stays_text_though_it_looks_like_a_number(load):
    settings = load(BROKERS__IBKR__PASSWORD="12345", BROKERS__IBKR__TOKENS__MAIN="1")
    assert settings.broker_options("ibkr") == {"password": "12345", "tokens": {"main": "1"}}


def test_a_core_key_in_a_variable_is_read_by_its_own_type(load):
    settings = load(ACCOUNT="1234", PACE="60", LEAD="1h30m", LOG_LEVEL="DEBUG", EXTENSIONS="a, b")
    assert settings.account == "1234"
    assert settings.pace == "60"
    assert settings.lead == timedelta(minutes=90)
    assert settings.log_level == "debug"
    assert settings.extensions == ("a", "b")


@pytest.mark.parametrize("text", ["extensions = []", ""])
def test_no_extensions_is_an_empty_list_or_an_empty_variable(load, text):
    variables = {} if text else {"EXTENSIONS": ""}
    assert load(text, **variables).extensions == ()


@pytest.mark.parametrize(
    ("text", "pace"),
    [
        ("", "fast"),
        ('pace = "real"', "real"),
        ("pace = 60", "60"),
        ("pace = 0.5", "0.5"),
        ('pace = "60.0"', "60"),
        ('broker = "ibkr"', "real"),
    ],
)
def test_the_pace_is_as_told_or_as_fits_the_broker(load, text, pace):
    assert load(text).pace == pace


def test_live_trading_with_an_account(load):
    settings = load('broker = "ibkr"\ntrading_mode = "live"\naccount = "U1234567"\n')
    assert (settings.trading_mode, settings.account) == ("live", "U1234567")


def test_relative_paths_start_at_the_file_or_at_the_current_folder(load, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    settings = load('directory = "state"', JOURNAL="days.sqlite")
    assert settings.directory == tmp_path / "state"
    assert settings.journal == Path("/days.sqlite")
    assert load('directory = "state"').journal == tmp_path / "state" / "journal.sqlite"


def test_a_tilde_is_the_home_folder(load):
    assert load('directory = "~/skim"').directory == Path.home() / "skim"


def test_the_file_is_the_named_one_then_the_variables_then_the_one_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}).file is None
    Path("skim.toml").write_text('account = "here"')
    Path("variable.toml").write_text('account = "variable"')
    Path("option.toml").write_text('account = "option"')
    variable = {"SKIM_CONFIG": "variable.toml"}
    assert load_settings(None, {}).account == "here"
    assert load_settings(None, {"SKIM_CONFIG": ""}).account == "here"
    assert load_settings(None, variable).account == "variable"
    assert load_settings(Path("option.toml"), variable).account == "option"


def test_the_processs_own_environment_is_not_looked_at(load, monkeypatch):
    monkeypatch.setenv("SKIM_BROKER", "ibkr")
    monkeypatch.setenv("BROKER", "ibkr")
    assert load().broker == "sim"
    assert Settings().broker == "sim"


def test_variables_that_are_no_settings_are_left_alone(load):
    assert load(DEBUG="1", TEST_DATA="/data").model_dump() == load().model_dump()


def test_a_byte_order_mark_does_no_harm(load):
    assert load(b'\xef\xbb\xbfaccount = "a"').account == "a"


def test_settings_are_frozen(load):
    with pytest.raises(ValueError, match="frozen"):
        load().broker = "ibkr"


def test_a_dangling_link_is_not_taken_for_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("skim.toml").symlink_to("gone.toml")
    with pytest.raises(ConfigError, match="there is no such file"):
        load_settings(None, {})
