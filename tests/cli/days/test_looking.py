"""What there is, and how it stands: status, graph, plugins, sessions, configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

SESSION = "2026-01-28"
STATUS = ("status", "--session", SESSION)
START = ("start_trading_day", "--session", SESSION, "--strategy")


def test_status_before_anything_was_run(skim, home: Path):
    told = skim("status")
    assert (told.code, told.err) == (0, "")
    assert "nothing was run yet" in told.out
    assert skim("status", "--json").json["days"] == []
    assert not (home / "journal.sqlite").exists()


def test_status_shows_each_phase_and_what_the_day_made(skim, tiny):
    skim(*START, "tiny")
    told = skim(*STATUS)
    assert told.code == 0
    assert told.lines[0].endswith(": completed")
    rows = {words[0]: words[1:] for words in map(str.split, told.lines[2:])}
    assert rows["scan"][:3] == ["completed", "10:05:00", "10:05:00"]
    assert rows["manage"][:3] == ["completed", "10:15:00", "10:15:00"]
    assert told.lines[-1].startswith("2 candidates, 1 trade, profit ")


def test_status_as_json_has_what_the_day_told(skim, tiny):
    (run,) = skim(*START, "tiny", "--json").json["days"]
    (day,) = skim(*STATUS, "--json").json["days"]
    assert day["state"] == "completed"
    for key in ("run_id", "phases", "candidates", "trades", "profit"):
        assert day[key] == run[key]


def test_status_fails_when_one_of_the_days_has_failed(skim, install, tiny):
    install("raising", tiny.replace("rows = await", "raise OSError('feed down'); rows = await"))
    skim(*START, "raising", "--strategy", "tiny")
    assert skim(*STATUS).code == 1
    assert "OSError: feed down" in skim(*STATUS).out
    assert skim(*STATUS, "--json").code == 1
    assert skim(*STATUS, "--strategy", "tiny").code == 0


def test_status_of_a_session_without_a_day_says_where_there_is_one(skim, tiny):
    skim(*START, "tiny")
    told = skim("status", "--session", "2026-01-29")
    assert told.code == 0
    assert SESSION in told.out


def test_the_graph_is_shown_with_its_times(skim, tiny):
    told = skim("graph", "tiny")
    assert (told.code, told.err) == (0, "")
    scan = next(line for line in told.lines if line.startswith("scan"))
    assert "setup" in scan
    assert "at open+5m" in scan
    assert "10:05:00" in scan
    manage = next(line for line in told.lines if line.startswith("manage"))
    assert "every 5m from open to open+20m" in manage
    assert "protective" in manage


def test_the_graph_has_the_configurations_overrides(skim, tiny, home: Path):
    (home / "skim.toml").write_text('[strategy.tiny.phases.scan]\nat = "open+9m"\n')
    assert "at open+9m" in skim("graph", "tiny").out
    scan = skim("graph", "tiny", "--json").json["phases"][1]
    assert scan["at"] == "open+9m"


def test_the_graph_as_a_diagram_has_every_phase_and_arrow(skim, tiny):
    told = skim("graph", "tiny", "--mermaid")
    assert told.code == 0
    assert told.lines[0] == "flowchart LR"
    arrows = [line.split() for line in told.lines if "-->" in line]
    assert arrows == [["phase_setup", "-->", "phase_scan"], ["phase_scan", "-->", "phase_trade"]]
    assert sum("<br/>" in line for line in told.lines) == 4


def test_the_graph_of_no_strategy_is_refused(skim, tiny):
    told = skim("graph", "tinny")
    assert told.code == 2
    assert "did you mean 'tiny'?" in told.err


def test_plugins_are_listed_even_those_that_do_not_import(skim, install):
    install("broken", "import a_package_that_is_not_there")
    told = skim("plugins")
    assert (told.code, told.err) == (0, "")
    rows = [line.split() for line in told.lines]
    assert ["strategy", "broken", "skim-strategy-broken", "1.0"] in [row[:4] for row in rows]
    assert ["broker", "sim", "skim-core"] in [row[:3] for row in rows]
    assert ["engine", "local", "skim-core"] in [row[:3] for row in rows]
    listed = skim("plugins", "--json").json["plugins"]
    assert {row["name"] for row in listed} >= {"broken", "sim", "local"}


def test_sessions_of_december_have_their_half_days_marked_and_no_holidays(skim):
    told = skim("sessions", "--from", "2026-12-21", "--to", "2026-12-31")
    assert (told.code, told.err) == (0, "")
    rows = [line for line in told.lines if line.startswith("2026")]
    assert [row[:10] for row in rows] == [f"2026-12-{day}" for day in (21, 22, 23, 24, 29, 30, 31)]
    assert [row[:10] for row in rows if row.endswith("half day")] == ["2026-12-24", "2026-12-31"]
    assert all(("14:10" in row) is row.endswith("half day") for row in rows)


def test_sessions_as_json_are_in_utc(skim):
    (session,) = skim("sessions", "--from", "2026-12-24", "--to", "2026-12-28", "--json").json[
        "sessions"
    ]
    assert session["half_day"] is True
    assert session["open"] == "2026-12-23T23:00:00Z"
    assert session["close"] == "2026-12-24T03:10:00Z"


def test_sessions_of_another_exchange(skim):
    told = skim("sessions", "--exchange", "XNYS", "--from", "2026-11-26", "--to", "2026-11-27")
    (row,) = [line for line in told.lines if line.startswith("2026")]
    assert row.split()[:4] == ["2026-11-27", "Friday", "09:30", "13:00"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "2026-12-24", "--to", "2026-12-20"], "put the earlier date first"),
        (["--from", "Christmas"], "--from 'Christmas' is not a date"),
        (["--to", "24.12.2026"], "--to '24.12.2026' is not a date"),
    ],
)
def test_sessions_between_no_dates_are_refused(skim, options: list[str], said: str):
    told = skim("sessions", *options)
    assert told.code == 2
    assert said in told.err


def test_a_sound_configuration_is_said_to_be_sound(skim, tiny, home: Path):
    (home / "skim.toml").write_text("[strategy.tiny]\nshares = 5\n")
    told = skim("config", "check")
    assert (told.code, told.err) == (0, "")
    assert "skim.toml" in told.lines[0]
    assert "strategy tiny" in told.lines[0]
    assert not any(line.startswith("fault") for line in told.lines)


def test_every_fault_of_a_configuration_is_told_at_once(skim, tiny, install, home: Path):
    install("broken", "import a_package_that_is_not_there")
    (home / "skim.toml").write_text(
        'broker = "smi"\npace = "real"\n[strategy.tiny]\nshaers = 5\n'
        "[strategy.broken]\n[strategy.nobody]\n"
    )
    told = skim("config", "check")
    assert told.code == 2
    faults = [line for line in told.lines if line.startswith("fault: ")]
    for part in ("'smi'", "shaers", "a_package_that_is_not_there", "'nobody'"):
        assert sum(part in fault for fault in faults) == 1
    as_json = skim("config", "check", "--json")
    assert as_json.code == 2
    assert [f"fault: {fault}" for fault in as_json.json["faults"]] == faults


def test_the_configuration_is_shown_with_where_it_comes_from(skim, tiny, home: Path):
    (home / "skim.toml").write_text("[strategy.tiny]\nshares = 5\n")
    told = skim("config", "show", "--json").json
    assert told["settings"]["strategy.tiny.shares"] == {"value": 5, "source": "file"}
    assert told["settings"]["lead"] == {"value": "1m", "source": "environment"}
    assert told["settings"]["broker"]["source"] == "default"


def test_secrets_are_never_shown(skim, tiny, home: Path):
    (home / "skim.toml").write_text('[strategy.tiny]\ntoken = "hush-hush"\n')
    for command in (["config", "show"], ["config", "show", "--json"], ["config", "check"]):
        assert "hush" not in skim(*command).out
    skim(*START, "tiny")
    assert b"hush-hush" not in (home / "journal.sqlite").read_bytes()


def test_help_names_every_command_and_the_exit_codes(skim):
    told = skim("--help")
    assert told.code == 0
    for word in ("start_trading_day", "start_monitoring", "config", "Exit codes"):
        assert word in told.out
