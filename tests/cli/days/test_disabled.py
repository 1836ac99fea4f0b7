"""Strategies that the configuration disables, or misnames."""

from __future__ import annotations

from pathlib import Path

import pytest

from skim_core.journal.sqlite import SqliteJournal

from .test_watchdog import _MANAGE, HOLDER

FIRST, SECOND = "2026-01-28", "2026-01-29"
DISABLED = "[strategy.holder]\nenabled = false\n"


def configure(text: str) -> None:
    Path("skim.toml").write_text(text)


def day(name: str, session: str) -> tuple[str, ...]:
    return ("start_trading_day", "--strategy", name, "--session", session)


def events(home: Path, strategy: str, session: str):
    journal = SqliteJournal.open(home / "journal.sqlite")
    try:
        return [each.event for each in journal.read(f"{strategy}/XASX/{session}/paper")]
    finally:
        journal.close()


def test_a_disabled_strategy_has_no_day_and_that_is_no_fault(skim, tiny, home):
    configure("\n[strategy.tiny]\nenabled = false\n")
    told = skim(*day("tiny", FIRST))
    assert (told.code, told.err) == (0, "")
    assert told.out == (
        "skim: tiny is disabled (skim.toml, line 3: enabled = false) and has nothing open: "
        "nothing to do.\n"
    )
    assert skim(*day("tiny", FIRST), "--json").json["days"] == []
    assert events(home, "tiny", FIRST) == []


def test_the_list_of_plugins_shows_what_is_disabled(skim, tiny):
    configure("[strategy.tiny]\nenabled = false\n")
    [row] = [line for line in skim("plugins").lines if " tiny " in line]
    assert row.rstrip().endswith("installed, disabled")


def test_the_others_are_run_even_when_the_disabled_one_is_uninstalled(skim, tiny, home):
    configure("[strategy.gone]\nenabled = false\n")
    told = skim(*day("tiny", FIRST), "--strategy", "gone")
    assert (told.code, told.err) == (0, "")
    assert told.lines[0].startswith("skim: gone is disabled ")
    assert events(home, "tiny", FIRST)[-1].outcome == "completed"


def test_a_variable_disables_too_and_is_named(skim, tiny, monkeypatch):
    monkeypatch.setenv("SKIM_STRATEGY__TINY__ENABLED", "false")
    told = skim(*day("tiny", FIRST))
    assert "tiny is disabled (SKIM_STRATEGY__TINY__ENABLED: enabled = false)" in told.out


def test_a_phase_of_a_disabled_strategy_is_refused(skim, tiny):
    configure("[strategy.tiny]\nenabled = false\n")
    told = skim("scan", "--strategy", "tiny", "--session", FIRST)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "set it to true, or remove it, to run scan." in told.err


def test_a_day_that_has_begun_goes_on(skim, tiny, home):
    assert skim("setup", "--strategy", "tiny", "--session", FIRST).code == 0
    configure("[strategy.tiny]\nenabled = false\n")
    assert skim(*day("tiny", FIRST)).code == 0
    assert events(home, "tiny", FIRST)[-1].outcome == "completed"


def test_what_a_disabled_strategy_holds_is_looked_after_and_nothing_is_entered(skim, install, home):
    install("holder", HOLDER)
    assert skim(*day("holder", FIRST)).code == 0
    configure(DISABLED)
    told = skim(*day("holder", SECOND))
    assert told.code == 0
    [held] = [each for each in events(home, "holder", SECOND) if each.kind == "position_carried"]
    start = "skim: holder is disabled (skim.toml, line 2: enabled = false), but it holds 100 "
    assert told.err.startswith(f"{start}{held.symbol} at ")
    assert "that is looked after, nothing is entered." in told.err
    assert "The configuration disables it: only what is open is looked after" in told.out
    happened = events(home, "holder", SECOND)
    assert [phase.name for phase in happened[0].graph] == ["manage"]
    assert {"order_intended", "protection_lapsed"}.isdisjoint(each.kind for each in happened)
    [stop] = [each for each in happened if each.kind == "order_carried"]
    assert stop.state.order.closes
    assert happened[-1].outcome == "completed"
    [shown] = skim("status", "--session", SECOND, "--json").json["days"]
    assert (shown["disabled"], shown["missed"], shown["without_stop"]) == (True, False, [])
    assert "The strategy is disabled" in skim("status", "--session", SECOND).out
    assert "The configuration disabled the strategy" in skim("explain", happened[0].run_id).out


def test_a_disabled_strategy_that_nothing_can_watch_over_is_refused_and_hurts_no_other(
    skim, install, tiny, home
):
    install("holder", HOLDER.replace(_MANAGE, 'Phase("manage", at="close-1h"),'))
    assert skim(*day("holder", FIRST)).code == 0
    configure(DISABLED)
    told = skim(*day("holder", SECOND))
    assert told.code == 2
    assert "holder has no protective phase that could watch over what it has open" in told.err
    both = skim(*day("holder", SECOND), "--strategy", "tiny")
    assert both.code == 2
    assert "holder has no protective phase" in both.out
    assert events(home, "tiny", SECOND)[-1].outcome == "completed"


def test_a_disabled_strategy_that_nobody_starts_is_not_missed(skim, tiny, on_now):
    configure("[strategy.tiny]\nenabled = false\n")
    told = skim("start_monitoring", "--strategy", "tiny", "--pace", "real")
    assert (told.code, "missed" in told.out + told.err) == (0, False)


def test_what_a_disabled_strategy_holds_is_looked_after_though_nobody_starts_its_day(
    skim, install, on_now, begin
):
    install("holder", HOLDER)
    assert skim("start_trading_day", "--strategy", "holder", "--session", on_now).code == 0
    configure(DISABLED)
    begin("start_monitoring", "--pace", "real", until="still stands")


@pytest.mark.parametrize("written", ["'no'", "0", "[]"])
def test_enabled_is_true_or_false(skim, tiny, written):
    configure(f"[strategy.tiny]\nenabled = {written}\n")
    told = skim(*day("tiny", FIRST))
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "skim.toml, line 2: strategy.tiny.enabled must be true or false, found " in told.err


def test_a_table_whose_name_is_misspelt_is_refused(skim, tiny):
    configure("[strategy.tinny.limits]\norder_value = 100\n")
    told = skim(*day("tiny", FIRST))
    assert (told.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err == (
        "skim[config]: skim.toml, line 1: no installed strategy is called 'tinny' (did you mean 'tiny'?): "
        "correct the name of [strategy.tinny], or remove it.\n"
    )


def test_one_beside_the_right_table_is_told_and_one_of_another_name_is_not_ours(skim, tiny):
    configure("[strategy.tinny]\nshares = 7\n[strategy.tiny]\n[strategy.elsewhere]\n")
    told = skim(*day("tiny", FIRST))
    assert told.code == 0
    assert "no installed strategy is called 'tinny' (did you mean 'tiny'?)" in told.err
    assert "elsewhere" not in told.err


def test_a_misspelt_strategy_gets_the_nearest_name(skim, tiny):
    told = skim(*day("tinny", FIRST))
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "did you mean 'tiny'?" in told.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[strategy.tiny]\nenable = false",
            "enable: there is no such key (did you mean 'enabled'?)",
        ),
        ("[strategy.tiny]\nprority = 1", "(did you mean 'priority'?)"),
        ("[strategy.tiny.phase.scan]\nat = 'open'", "(did you mean 'phases'?)"),
        ("[strategy.Ti-ny]\nenabled = false", "(did you mean 'ti_ny'?)"),
        ("[tiny.phases.scan]\nat = 'open'", "(a strategy's table is [strategy.tiny])"),
    ],
)
def test_what_is_written_in_the_wrong_place_gets_the_right_one(skim, tiny, text, told):
    configure(text)
    refused = skim(*day("tiny", FIRST))
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert told in refused.err


def test_a_graph_tells_that_its_day_would_be_refused(skim, tiny):
    configure("[strategy.tiny.phase.scan]\nat = 'open'\n")
    told = skim("graph", "tiny")
    assert told.code == 0
    assert told.err.startswith("skim: its day would be refused: [strategy.tiny] phase: ")


@pytest.mark.parametrize("field", ["enabled", "phases", "limits", "priority"])
def test_a_strategy_that_takes_a_key_of_skims_own_is_refused(skim, install, tiny, field):
    install("taking", tiny.replace("shares: int = 100", f"shares: int = 100\n    {field}: int = 1"))
    told = skim(*day("taking", FIRST))
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert f"Config has a field '{field}'" in told.err
