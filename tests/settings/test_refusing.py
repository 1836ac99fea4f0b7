from __future__ import annotations

import os
from pathlib import Path

import pytest

from skim_core.errors import ConfigError
from skim_core.settings import Settings, load_settings


def refusal(load, *arguments, **variables) -> str:
    with pytest.raises(ConfigError) as caught:
        load(*arguments, **variables)
    assert caught.value.exit_code == 2
    assert str(caught.value).count("\n") <= 1
    return str(caught.value)


def test_an_unknown_key_is_told_with_its_line_and_the_nearest_known_one(load):
    told = refusal(load, '# skim\naccount = "a"\nbrokr = "sim"\n')
    assert "skim.toml, line 3: unknown key 'brokr' (did you mean 'broker'?)" in told


def test_a_fault_in_a_table_is_told_with_its_line(load):
    told = refusal(load, 'account = "a"\n\n[strategy.orb]\nphases = 3\n')
    assert "line 4: strategy.orb.phases must be tables: write [strategy.orb.phases.<phase>]" in told


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ('exchange = "asx"', "market identifier code (ISO 10383) such as 'XASX'", "'asx'"),
        ('account = "a b"', "1 to 40 letters, digits, dots, hyphens or underscores", "'a b'"),
        ("account = 12", "1 to 40 letters", "12"),
        ('trading_mode = "demo"', "'paper' or 'live'", "'demo'"),
        ('pace = "slow"', "'fast', 'real' or a number above 0", "'slow'"),
        ("pace = 0", "a number above 0", "0"),
        ("pace = -1", "a number above 0", "-1"),
        ("pace = nan", "a number above 0", "nan"),
        ("pace = inf", "a number above 0", "inf"),
        ("pace = true", "a number above 0", "true"),
        (f"pace = 0x{'f' * 9000}", "a number above 0", "0xfff"),
        ('lead = "soon"', "a duration of at most 24h", "'soon'"),
        ('lead = "0s"', "a duration of at most 24h", "'0s'"),
        ('lead = "25h"', "a duration of at most 24h", "'25h'"),
        (f'lead = "{"9" * 400}h"', "a duration of at most 24h", "'999"),
        ("lead = 15", "a duration of at most 24h", "15"),
        ('lease_term = "10ms"', "a duration from 1s to 1h", "'10ms'"),
        ('directory = ""', "a folder (a path)", "''"),
        ('directory = "a\\u0000b"', "a folder (a path)", "'"),
        ("directory = 3", "a folder (a path)", "3"),
        ('directory = "~nobody-of-that-name/x"', "a folder (a path)", "'~nobody"),
        ('journal = "postgresql://x/y"', "not a URL", "'postgresql"),
        ('log_level = "loud"', "'debug', 'info', 'warning' or 'error'", "'loud'"),
        ('extensions = ["Not A Name"]', "'all', or a list of names", "a list"),
        ("extensions = 3", "'all', or a list of names", "3"),
        ("broker = { ibkr = 1 }", "own options stand in [brokers.<name>]", "a table"),
        ("strategy = 3", "[strategy.<name>] and its keys", "3"),
        ("[strategy]\norb = 3", "strategy.orb must be a table", "***"),
        ("[brokers.IBKR]\nport = 1", "a name of lower-case letters", "'IBKR'"),
        ("[strategy.orb.phases]\nscan = 3", "scan must be a table", "[strategy.orb.phases.scan]"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_expected(load, text, expected, found):
    told = refusal(load, text)
    assert expected in told
    assert found in told
    assert "skim.toml, line " in told
    assert len(told) < 400


def test_the_broker_table_of_a_named_broker_is_answered_with_the_right_name(load):
    told = refusal(load, 'broker = "ibkr"\n[broker.ibkr]\nport = 4002\n')
    assert "[brokers.<name>]" in told


def test_a_syntax_error_is_told_with_its_line(load):
    assert "skim.toml is not TOML" in (told := refusal(load, 'a = 1\nb = "unclosed\n'))
    assert "line 2" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'a = 1\nb = "\xff"', "line 2: not UTF-8"),
        (b"a = " + b"9" * 5000, "too many digits"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"[strategy.orb" + b".a" * 1000 + b"]", "nested more than 20 levels deep"),
        (b"#" * 1_000_001, "more than 1000000 bytes"),
    ],
)
def test_content_that_is_no_configuration(load, content, told):
    assert told in refusal(load, content)


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        load_settings(tmp_path / "none.toml", {})
    with pytest.raises(ConfigError, match="is a folder"):
        load_settings(tmp_path, {})
    with pytest.raises(ConfigError, match="can't be read"):
        load_settings(Path("a\0b"), {})
    with pytest.raises(ConfigError, match="can't be read"):
        load_settings(tmp_path / ("x" * 5000), {})


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_the_right_to_read_it(tmp_path):
    path = tmp_path / "skim.toml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match="can't be read"):
        load_settings(path, {})


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("BROKR", "unknown variable SKIM_BROKR (did you mean 'SKIM_BROKER'?)"),
        ("BROKER__IBKR__PORT", "(did you mean 'SKIM_BROKERS'?)"),
        ("STRATEGI__ORB__GAP", "(did you mean 'SKIM_STRATEGY'?)"),
        ("STRATEGY", "SKIM_STRATEGY__<NAME>__<KEY>"),
        ("STRATEGY__ORB", "SKIM_STRATEGY__<NAME>__<KEY>"),
        ("STRATEGY__ORB__", "SKIM_STRATEGY__<NAME>__<KEY>"),
        ("broker", "write SKIM_BROKER"),
        ("", "unknown variable SKIM_"),
    ],
)
def test_an_unknown_variable_is_told_with_the_nearest_known_one(load, variable, told):
    assert told in refusal(load, "", **{variable: "value-of-it"})


def test_variables_that_contradict_each_other(load):
    told = refusal(load, STRATEGY__ORB__A="1", STRATEGY__ORB__A__B="2")
    assert "SKIM_STRATEGY__ORB__A is a value" in told


@pytest.mark.parametrize(
    ("variable", "value"),
    [("STRATEGY__ORB" + "__A" * 1000, "1"), ("STRATEGY__ORB__A", "[" * 50 + "]" * 50)],
)
def test_variables_that_nest_too_deeply(load, variable, value):
    told = refusal(load, "", **{variable: value})
    assert "SKIM_STRATEGY__* is nested more than 20 levels deep" in told


def test_a_variable_that_is_not_text(load):
    assert "SKIM_ACCOUNT is not UTF-8" in refusal(load, ACCOUNT="\udcff")


def test_a_fault_names_the_variable_or_the_option_that_has_it(load):
    assert refusal(load, 'lead = "1m"', LEAD="soon").startswith("SKIM_LEAD: lead must be")
    assert refusal(load, "", {"SKIM_PACE": "slow"}, PACE="60").startswith("--pace: pace must be")


def test_several_faults_are_counted(load):
    assert refusal(load, 'lead = "soon"\npace = "slow"\n').endswith("(1 more after this one)")


@pytest.mark.parametrize("account", ["", 'account = "paper"'])
def test_live_trading_needs_the_account(load, account):
    told = refusal(load, f'trading_mode = "live"\n{account}')
    assert "line 1: trading_mode 'live' needs the account's number" in told


@pytest.mark.parametrize("pace", ["fast", "60"])
def test_only_the_simulated_exchange_can_be_hurried(load, pace):
    told = refusal(load, f'broker = "ibkr"\npace = "{pace}"')
    assert f"line 2: pace is '{pace}' but the broker is 'ibkr'" in told
    with pytest.raises(ValueError, match="can't be hurried"):
        Settings(broker="ibkr", pace=pace)
