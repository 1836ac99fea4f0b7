from __future__ import annotations

from pathlib import Path

import pytest

UNSOUND = """
[brokers.sim]
sed = 3

[brokers.smi]

[strategy.example]
thresold = 4
threshold = "many"

[strategy.example.phases.scan]
timeot = "1m"

[strategy.example.phases.alert]
after = "trade"

[strategy.missing]
"""


def test_every_fault_is_told_once_and_the_code_is_2(skim, example):
    Path("skim.toml").write_text(UNSOUND)
    checked = skim("config", "check", "--json")
    assert checked.code == 2
    faults = checked.json["faults"]
    for part in (
        "did you mean 'seed'?",
        "broker 'smi' is not installed",
        "thresold: there is no such key",
        "threshold: ",
        "did you mean 'timeout'?",
        "wait for one another",
        "strategy 'missing' is not installed",
    ):
        assert len([fault for fault in faults if part in fault]) == 1, part
    assert len(faults) == 7


def test_settings_that_do_not_load_are_a_fault_like_any_other(skim):
    Path("skim.toml").write_text('exchnge = "XNYS"\n')
    checked = skim("config", "check", "--json")
    assert checked.code == 2
    assert "did you mean 'exchange'?" in checked.json["faults"][0]


@pytest.mark.parametrize("text", ['brocker = "sim"', 'broker = "sim'])
def test_a_file_that_does_not_load_is_named_all_the_same(skim, text):
    Path("skim.toml").write_text(text)
    checked = skim("config", "check")
    assert (checked.code, checked.out.splitlines()[0]) == (2, "skim.toml: checked settings.")
    assert skim("config", "check", "--json").json["file"] == "skim.toml"


def test_overrides_that_are_sound_only_together_are_no_fault(skim, example):
    first = '[strategy.example.phases.scan]\nafter = "trade"\n'
    Path("skim.toml").write_text(first)
    assert skim("config", "check").code == 2
    Path("skim.toml").write_text(f"{first}[strategy.example.phases.trade]\nafter = []\n")
    assert skim("config", "check").code == 0


def test_overrides_that_only_together_make_a_cycle_are_a_fault(skim, install, source):
    free = source.replace('after="alert", ', "").replace('after="scan", ', "")
    install("free", free)
    first = '[strategy.free.phases.scan]\nafter = "alert"\n'
    Path("skim.toml").write_text(first)
    assert skim("config", "check").code == 0
    Path("skim.toml").write_text(f'{first}[strategy.free.phases.alert]\nafter = "scan"\n')
    checked = skim("config", "check", "--json")
    assert checked.code == 2
    assert [fault for fault in checked.json["faults"] if "wait for one another" in fault]


def test_a_sound_configuration_tells_what_was_checked(skim, example):
    Path("skim.toml").write_text("[strategy.example]\nthreshold = 4\n")
    checked = skim("config", "check")
    assert checked.code == 0
    for part in ("settings", "exchange XASX", "broker sim", "engine local", "strategy example"):
        assert part in checked.out
    assert checked.out.endswith("No fault was found.\n")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_shown_of_a_strategy_installed_or_not(skim, example, form):
    Path("skim.toml").write_text(
        '[strategy.example]\nthreshold = 4\npin = "hush"\n[strategy.missing]\ncolour = "hush"\n'
    )
    shown = skim("config", "show", *form)
    assert shown.code == 0
    assert "hush" not in shown.out


def test_every_setting_has_its_value_and_its_source(skim, example, monkeypatch):
    Path("skim.toml").write_text("[strategy.example]\nthreshold = 4\n")
    monkeypatch.setenv("SKIM_EXCHANGE", "XNYS")
    shown = skim("config", "show")
    assert ["exchange", "XNYS", "environment"] in shown.words
    assert ["strategy.example.threshold", "4", "file"] in shown.words
    assert ["lead", "15m", "default"] in shown.words
    assert ["limits.positions", "not", "set", "default"] in shown.words
    rows = skim("config", "show", "--json").json["settings"]
    assert rows["limits.positions"] == {"value": None, "source": "default"}
    assert rows["strategy.example.threshold"] == {"value": 4, "source": "file"}
