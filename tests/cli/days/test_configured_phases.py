"""What the configuration makes of a strategy's phases, in days that are run."""

from __future__ import annotations

from pathlib import Path

import pytest

DAY = ("--strategy", "tiny", "--session", "2026-01-28")

CHANGED = """
[strategy.tiny.phases.scan]
at = "open+7m"

[strategy.tiny.phases.setup]
enabled = false

[strategy.tiny.phases.trade]
after = "second_look"
at = "open+10m"

[strategy.tiny.phases.second_look]
hook = "skim_scan"
after = "scan"
at = "open+9m"
"""


def configure(text: str) -> None:
    Path("skim.toml").write_text(text)


def ran(skim) -> list[tuple[str, str, str]]:
    """Return each phase with its status and its start, in the order they started in."""
    (day,) = skim("status", "--session", "2026-01-28", "--json").json["days"]
    phases = [
        (phase["phase"], phase["status"], (phase["started_at"] or "")[11:16])
        for phase in day["phases"]
        if phase["phase"] != "manage"
    ]
    return sorted(phases, key=lambda phase: phase[2])


def test_phases_are_moved_left_out_added_and_put_in_another_order(skim, tiny):
    configure(CHANGED)
    told = skim("start_trading_day", *DAY)
    assert (told.code, told.err) == (0, "")
    assert ran(skim) == [
        ("scan", "completed", "23:07"),
        ("second_look", "completed", "23:09"),
        ("trade", "completed", "23:10"),
    ]


def test_a_day_keeps_the_graph_it_was_begun_with(skim, tiny, begin):
    configure('[strategy.tiny.phases.scan]\nat = "open+7m"\n')
    child = begin("start_trading_day", *DAY, "--pace", "600", until="scan          completed")
    child.kill()
    child.wait()
    configure("[strategy.tiny.phases.trade]\nenabled = false\n[strategy.tiny.phases.scna]\n")
    told = skim("start_monitoring", "--json")
    assert told.code == 0, told.err
    assert ran(skim) == [
        ("setup", "completed", "22:59"),
        ("scan", "completed", "23:07"),
        ("trade", "completed", "23:07"),
    ]


def test_a_protective_phase_that_is_left_out_is_told(skim, tiny):
    left_out = "[strategy.tiny.phases.manage]\nenabled = false\n"
    configure(left_out)
    refused = skim("start_trading_day", *DAY)
    assert refused.code == 2
    assert "'manage' is protective" in refused.err
    configure(f"{left_out}protective = false\n")
    told = skim("start_trading_day", *DAY)
    assert told.code == 0
    assert "manage, which watches over what tiny holds, is left out" in told.err


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("scna]\nat = 'open'", "there is no phase 'scna' to override (did you mean 'scan'?)"),
        ("scan]\nat = 10:05:00", "at: must be a moment of the session, such as 'open+5m'"),
        ("scan]\nat = 'open+5'", "'5' is not a duration"),
        ("scan]\nevry = '1m'", "no policy field 'evry' (did you mean 'every'?)"),
        ("scan]\nafter = 'scan'", "it can't come after itself"),
        ("scan]\nhook = 'skim_scna'", "(did you mean 'skim_scan'?)"),
        ("news]\nhook = 'skim_alert'", "needs the hook skim_alert"),
        ("news]\nafter = 'setup'", "To add one, say which hook it runs"),
        ("News]\nhook = 'skim_scan'", "name: must be lower-case letters"),
        ("scan]\nat = 'close+1m'\ndeadline = 'close'", "its window never opens"),
    ],
)
@pytest.mark.parametrize("command", [("start_trading_day", *DAY), ("graph", "tiny")], ids=str)
def test_what_is_wrong_is_told_in_one_line_with_its_place(skim, tiny, command, table, told):
    configure(f"exchange = 'XASX'\n\n[strategy.tiny.phases.{table}\n")
    refused = skim(*command)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    name = table.partition("]")[0]
    start = f"skim[graph]: skim.toml, line 3: [strategy.tiny.phases.{name}] "
    assert refused.err.startswith(start)
    assert told in refused.err


def test_a_variable_that_is_wrong_is_named(skim, tiny, monkeypatch):
    monkeypatch.setenv("SKIM_STRATEGY__TINY__PHASES__SCAN__AT", "noon")
    refused = skim("start_trading_day", *DAY)
    assert refused.err.startswith("skim[graph]: SKIM_STRATEGY__TINY__PHASES__SCAN__AT: ")
    assert "'noon' is not a session time" in refused.err
