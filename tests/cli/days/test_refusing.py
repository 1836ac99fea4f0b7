"""What goes wrong is answered in a line or two that say what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

START = ("start_trading_day", "--session", "2026-01-28", "--strategy")


def told_briefly(result, code: int) -> str:
    """Check that a refusal is short and without a traceback; return it."""
    assert result.code == code
    assert result.out == ""
    assert "Traceback" not in result.err
    assert len(result.err.splitlines()) <= 2
    return str(result.err)


def test_a_wrong_strategy_gets_the_nearest_name(skim, tiny):
    said = told_briefly(skim(*START, "tinny"), 2)
    assert "'tinny' is not installed (did you mean 'tiny'?)" in said
    assert "pip install skim-strategy-tinny" in said


def test_a_plugin_that_does_not_import_is_named_with_what_it_lacks(process, install):
    install("broken", "import a_package_that_is_not_there")
    said = told_briefly(process(*START, "broken"), 2)
    assert "strategy 'broken' (skim-strategy-broken 1.0)" in said
    assert "'a_package_that_is_not_there', which is not installed" in said


def test_a_plugin_that_does_not_import_leaves_the_others_alone(skim, install, tiny):
    install("broken", "import a_package_that_is_not_there")
    told = skim(*START, "broken", "--strategy", "tiny")
    assert told.code == 2
    assert told.err == ""
    assert any("completed. 1 trade" in line for line in told.lines)
    (said,) = [line for line in told.lines if "a_package_that_is_not_there" in line]
    assert said.startswith("skim: the day of broken on XASX 2026-01-28 can't go on: ")


def test_the_broken_one_has_its_place_in_the_json(skim, install, tiny):
    install("broken", "import a_package_that_is_not_there")
    told = skim(*START, "broken", "--strategy", "tiny", "--json")
    assert told.code == 2
    assert [day["run_id"].partition("/")[0] for day in told.json["days"]] == ["broken", "tiny"]
    assert [day["end"] for day in told.json["days"]] == ["broken", "completed"]


def test_two_broken_ones_are_both_told(skim, install):
    for name in ("broken", "worse"):
        install(name, f"import a_package_for_{name}")
    told = skim(*START, "broken", "--strategy", "worse")
    assert told.code == 2
    assert [
        f"a_package_for_{name}" in line
        for name, line in zip(("broken", "worse"), told.lines, strict=True)
    ] == [True, True]


def test_an_unknown_command_gets_a_suggestion(skim):
    refused = skim("start_trading_dya")
    assert (refused.code, refused.out) == (2, "")
    assert "No such command 'start_trading_dya'. Did you mean 'start_trading_day'" in refused.err


def test_an_unknown_command_gets_a_phase_suggested(skim):
    assert "No such command 'scna'. Did you mean 'scan'" in skim("scna", "-s", "tiny").err
    assert "No such command 'track-rnges'. Did you mean 'track_ranges'" in skim("track-rnges").err


def commands_of_packages():
    """Yield each command of our own packages, with the package that brings it."""
    for path in sorted(Path(__file__).parents[3].glob("plugins/*/pyproject.toml")):
        project = tomllib.loads(path.read_text())["project"]
        for name in project.get("entry-points", {}).get("skim.commands", {}):
            yield name.replace("_", "-"), project["name"]


@pytest.mark.parametrize(("typed", "package"), [*commands_of_packages()])
def test_a_command_of_a_package_that_is_not_installed_names_the_package(skim, typed, package):
    refused = skim(typed, "test")
    assert (refused.code, refused.out) == (2, "")
    mend = f"No such command '{typed}': {package} brings it. Run 'pip install {package}'."
    assert mend in refused.err


def test_such_a_command_is_suggested_as_well(skim):
    assert "No such command 'notfy'. Did you mean 'notify'?" in skim("notfy").err


@pytest.mark.parametrize(
    ("line", "nearest"),
    [('borker = "sim"', "'broker'"), ('exchnage = "XASX"', "'exchange'")],
)
def test_a_typo_in_the_file_is_told_with_its_line_and_the_nearest_key(
    skim, tiny, home: Path, line: str, nearest: str
):
    (home / "skim.toml").write_text(f"# mine\n{line}\n")
    said = told_briefly(skim(*START, "tiny"), 2)
    assert f"skim.toml, line 2: unknown key '{line.split(maxsplit=1)[0]}'" in said
    assert f"did you mean {nearest}?" in said


def test_a_typo_in_a_strategys_section_gets_the_nearest_key(skim, tiny, home: Path):
    (home / "skim.toml").write_text("[strategy.tiny]\nshaers = 5\n")
    said = told_briefly(skim(*START, "tiny"), 2)
    assert "[strategy.tiny] shaers: there is no such key (did you mean 'shares'?)" in said


def test_a_phase_override_that_fits_no_phase_is_refused(skim, tiny, home: Path):
    (home / "skim.toml").write_text('[strategy.tiny.phases.scna]\nat = "open+2m"\n')
    said = told_briefly(skim(*START, "tiny"), 2)
    assert "scna" in said
    assert "did you mean 'scan'?" in said


def test_a_file_that_is_not_there_is_named(skim, tiny):
    said = told_briefly(skim(*START, "tiny", "--config", "other.toml"), 2)
    assert "other.toml" in said


def test_no_right_to_write_names_the_place(skim, tiny, home: Path, monkeypatch):
    (home / "plain-file").touch()
    monkeypatch.setenv("SKIM_DIRECTORY", str(home / "plain-file"))
    said = told_briefly(skim(*START, "tiny"), 1)
    assert str(home / "plain-file" / "journal.sqlite") in said
    assert "choose another place" in said


def test_a_damaged_journal_is_told_and_left_as_it_is(skim, tiny, home: Path):
    damaged = b"this is no database " * 300
    (home / "journal.sqlite").write_bytes(damaged)
    for command in ([*START, "tiny"], ["status"], ["start_monitoring"]):
        said = told_briefly(skim(*command), 1)
        assert "is not a journal, or its first page is damaged" in said
    assert (home / "journal.sqlite").read_bytes() == damaged


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--session", "monday"], "--session 'monday' is not a date: write it as 2026-01-30"),
        (["--session", "2026-02-30"], "--session '2026-02-30' is not a date"),
        (["--pace", "nonsense"], "--pace: pace must be 'fast', 'real' or a number above 0"),
        (["--pace", "0"], "--pace: pace must be 'fast', 'real' or a number above 0"),
        (["--pace", "real", "--session", "2026-01-28"], "closed at 16:00"),
        (["--pace", "fast", "--broker", "ibkr"], "can't be hurried"),
        (["--broker", "smi"], "broker 'smi' is not installed (did you mean 'sim'?)"),
        (["--seed", "-1", "--session", "2026-01-28"], "seed"),
        (["--exchange", "asx"], "a market identifier code"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(skim, tiny, options: list[str], said: str):
    result = skim("start_trading_day", "--strategy", "tiny", *options)
    assert result.code == 2
    assert said in result.err + result.out
    assert "Traceback" not in result.err


def test_no_strategy_is_told_by_the_usage(skim):
    refused = skim("start_trading_day")
    assert refused.code == 2
    assert "Missing option '--strategy'" in refused.err


def test_debug_shows_the_traceback(process, install):
    install("broken", "import a_package_that_is_not_there")
    told = process(*START, "broken", "--debug")
    assert told.code == 1
    assert "Traceback (most recent call last)" in told.err
    assert "RefusedError" in told.err


def test_debug_can_be_asked_for_by_the_environment(process, skim, monkeypatch):
    monkeypatch.setenv("SKIM_DEBUG", "1")
    assert "Traceback" in process(*START, "nobody").err
    monkeypatch.setenv("SKIM_DEBUG", "0")
    assert "Traceback" not in told_briefly(skim(*START, "nobody"), 2)
