"""Phases by hand: through the day's own journal, one at a time."""

from __future__ import annotations

import pytest

DAY = ("--strategy", "tiny", "--session", "2026-01-28")

OWN_PHASE = """
    from skim_core import Context, Phase, PhaseGraph, hookimpl, hooks, hookspec


    class Specs:
        @hookspec(firstresult=True)
        def skim_close_books(self, ctx: Context[object]) -> None: ...


    @hooks.hookspecs
    def skim_hookspecs():
        return [Specs]


    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(Phase("setup"), Phase("close_books", after="setup"))


    @hooks.setup
    def skim_setup(ctx: Context[object]) -> None:
        pass


    @hookimpl
    def skim_close_books(ctx: Context[object]) -> None:
        pass
"""


def statuses(skim) -> dict[str, str]:
    (day,) = skim("status", "--session", "2026-01-28", "--json").json["days"]
    return {phase["phase"]: phase["status"] for phase in day["phases"]}


def test_each_phase_is_a_command_and_the_day_goes_on_after_it(skim, tiny):
    for phase, line in [
        ("setup", "09:59:00  setup         completed"),
        ("scan", "10:05:00  scan          completed"),
        ("trade", "10:06:00  trade         completed"),
    ]:
        told = skim(phase, *DAY)
        assert (told.code, told.err) == (0, "")
        assert line in told.lines
        assert statuses(skim)[phase] == "completed"
    ticked = skim("manage", *DAY)
    assert ticked.code == 0
    assert statuses(skim)["manage"] == "pending"
    rest = skim("start_trading_day", *DAY)
    assert rest.code == 0
    assert "completed. 1 trade" in rest.lines[-1]
    assert not any("scan" in line or "setup" in line for line in rest.lines)


def test_a_phase_run_by_hand_is_not_run_again(skim, tiny):
    skim("setup", *DAY)
    first = skim("scan", *DAY)
    assert any("2 candidates" in line for line in first.lines)
    again = skim("scan", *DAY)
    assert again.code == 0
    assert not any("candidates" in line for line in again.lines)


def test_a_phase_before_the_one_it_comes_after_is_refused(skim, tiny):
    told = skim("scan", *DAY)
    assert told.code == 1
    assert told.lines[-1] == (
        "skim: scan comes after setup, which has not run yet: nothing was done."
    )
    assert "no day" in skim("status", *DAY[2:]).out, "nothing was begun"


def test_a_phase_of_a_day_that_is_over_is_not_run(skim, tiny):
    skim("start_trading_day", *DAY)
    told = skim("scan", *DAY)
    assert told.code == 0
    assert "it was run before and completed, nothing to do" in told.out


def test_a_phase_is_not_run_twice_by_hand(skim, tiny):
    skim("setup", *DAY)
    told = skim("setup", *DAY)
    assert told.code == 0
    assert "setup was run before and completed, nothing to do" in told.out


def test_nobody_goes_on_unasked_with_a_day_whose_phases_are_run_by_hand(skim, tiny):
    skim("setup", *DAY)
    assert "by hand" in skim("status", *DAY[2:]).lines[0]
    assert skim("start_monitoring").lines[-1].endswith("nothing to do.")
    assert statuses(skim)["scan"] == "pending"
    assert skim("start_trading_day", *DAY).code == 0
    assert statuses(skim)["scan"] == "completed"


def test_a_phase_that_raises_by_hand_is_told(skim, install, tiny):
    install("raising", tiny.replace("rows = await", "raise OSError('feed down'); rows = await"))
    day = ("--strategy", "raising", *DAY[2:])
    skim("setup", *day)
    told = skim("scan", *day)
    assert (
        "10:05:00  scan          failed: OSError: feed down (installed_raising.py:39)" in told.lines
    )


@pytest.mark.parametrize("command", [["track_ranges"], ["run_phase", "scna"]])
def test_a_phase_that_the_strategy_has_not_is_refused_and_begins_no_day(skim, tiny, command):
    told = skim(*command, *DAY)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(f"skim[config]: tiny has no phase '{command[-1]}'")
    assert told.err.endswith("its phases are setup, scan, trade, manage.\n")
    assert skim("status", "--session", "2026-01-28", "--json").json["days"] == []


def test_a_misspelt_phase_gets_the_nearest_name(skim, tiny):
    assert "(did you mean 'scan'?)" in skim("run_phase", "scna", *DAY).err


def test_a_phase_of_the_strategys_own_is_run_by_name(skim, install):
    install("tiny", OWN_PHASE)
    assert skim("setup", *DAY).code == 0
    told = skim("run-phase", "close_books", *DAY)
    assert (told.code, told.err) == (0, "")
    assert statuses(skim)["close_books"] == "completed"


def test_a_phase_by_hand_can_tell_json(skim, tiny):
    skim("setup", *DAY)
    (day,) = skim("scan", *DAY, "--json").json["days"]
    assert day["end"] == "paused"
    assert len(day["candidates"]) == 2


def test_candidates_can_be_forgotten_and_only_once(skim, tiny):
    skim("setup", *DAY)
    skim("scan", *DAY)
    purged = skim("purge_candidates", *DAY, "--json")
    assert purged.code == 0
    assert purged.json["forgotten"] == 2
    (day,) = skim("status", "--session", "2026-01-28", "--json").json["days"]
    assert day["candidates"] == []
    again = skim("purge-candidates", *DAY)
    assert again.code == 0
    assert "has no candidates: nothing to purge" in again.out


def test_there_is_nothing_to_forget_of_a_day_that_was_not_begun_or_is_over(skim, tiny):
    assert "nothing to purge" in skim("purge_candidates", *DAY).out
    skim("start_trading_day", *DAY)
    told = skim("purge_candidates", *DAY)
    assert told.code == 0
    assert "is over: nothing to purge" in told.out


def test_candidates_of_a_day_that_another_process_runs_are_left(skim, tiny, begin):
    begin("start_trading_day", *DAY, "--pace", "600", until="scan          completed")
    told = skim("purge_candidates", *DAY)
    assert told.code == 1
    assert "is being run by" in told.out
    (day,) = skim("status", "--session", "2026-01-28", "--json").json["days"]
    assert len(day["candidates"]) == 2
