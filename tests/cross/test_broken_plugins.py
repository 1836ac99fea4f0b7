"""A broken strategy or extension hurts only itself: real processes, and a healthy day in each."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copy

import pytest

from skim_core.model.events import DayFinished, Outcome

SESSION = ("--session", "2026-11-24")
HEALTHY = "orh_breakout"
PLUGINS = Path(__file__).with_name("broken")
HELD_UP = (
    r"held up everything for more than [0-9.]+ s \(.*broken_strategies\.py:\d+\): make it a plain"
)
KEPT = "skim_scan returned what can't be kept, "

FAIL = {
    "raises": "RuntimeError: no news",
    "raises_async": "RuntimeError: no news",
    "base": "OwnBaseError: mine",
    "base_async": "OwnBaseError: mine",
    "keyboard": "KeyboardInterrupt",
    "keyboard_async": "KeyboardInterrupt",
    "exits": "SystemExit: 9",
    "exits_async": "SystemExit: 9",
    "stop_iteration": "StopIteration",
    "stop_iteration_async": "RuntimeError: coroutine raised StopIteration",
    "cancelled": "CancelledError",
    "cancelled_async": "cancelled itself",
    "generator_exit_async": "GeneratorExit",
    "mute": "Mute: its text can't be had, ZeroDivisionError was raised",
    "long": r"RuntimeError: long long .* \.\.\.",
    "steers": r"RuntimeError: gone\\x1b\[2J\\x1b\]0;owned\\x07 day completed \\ud800",
    "hangs": "timed out after 500ms",
    "spins": "timed out after 500ms",
    "never": "timed out after 500ms",
    "stubborn": "timed out after 500ms",
    "blocks": HELD_UP,
    "blocks_in_task": HELD_UP,
    "spins_async": HELD_UP,
    "wrong_type": r"skim_scan must return a sequence of Candidate, found \{'OLL': 1\}\.",
    "wrong_items": r"skim_scan must return a sequence of Candidate, found \(1, 2\)\.",
    "unshowable": f"{KEPT}ZeroDivisionError: return sound models.",
    "unsound": f"{KEPT}PydanticSerializationError: .*",
    "not_a_number": f"{KEPT}.*gap_percent: Input should be a finite number.*",
    "recursive": r"skim_scan must return a sequence of Candidate, found \(\[\[\.\.\.\]\],\)\.",
    "endless": "timed out after 500ms",
    "many": r"skim_scan returned \d MB, at most 4 MB are kept: return less, .*",
    "bars": "ValueError: assignment destination is read-only",
}
"""The strategies that fail themselves, and what is said of each."""

PASS = (
    "exits_in_task",
    "stops_loop",
    "threads",
    "executor",
    "dying_thread",
    "forks",
    "forks_and_acts",
    "forks_async",
    "forks_and_trades",
    "processes",
    "surroundings",
    "surroundings_async",
)
"""The strategies that do well themselves, by doing what would hurt others."""

HOGS = ("spins", "endless")
"""The strategies whose threads run for ever: in a process of their own, as they slow all others."""

EXTENSIONS = ("raises", "raises_async", "hangs", "floods", "changes")


def run_id(strategy):
    return f"{strategy}/XASX/2026-11-24/paper"


def trades(events):
    return [
        event for event in events if event.kind in {"order_filled", "stop_hit", "position_closed"}
    ]


def install(site, strategies=(), extensions=(), at_import=()):
    """Install broken plugins into a folder that is on the import path."""
    for module in PLUGINS.glob("*.py"):
        copy(module, site)
    directory = site / "skim_broken-1.0.dist-info"
    directory.mkdir()
    (directory / "METADATA").write_text("Metadata-Version: 2.1\nName: skim-broken\nVersion: 1.0\n")
    lines = [
        "[skim.strategies]",
        *(f"{name} = broken_strategies:strategy_{name}" for name in strategies),
        "[skim.extensions]",
        *(f"loud_{name} = broken_extensions:{name}" for name in extensions),
        *(f"{name} = {name}" for name in at_import),
    ]
    (directory / "entry_points.txt").write_text("\n".join(lines))


def together(*strategies):
    """Return the arguments that run the healthy day and others in one process."""
    names = (HEALTHY, *strategies)
    return ("start_trading_day", *(part for name in names for part in ("-s", name)), *SESSION)


@pytest.fixture(scope="module")
def alone(skim_in):
    """Run the healthy day by itself; give its trades."""
    skim = skim_in()
    code, said = skim.run(*together())
    assert code == 0, said
    found = trades(skim.events(run_id(HEALTHY)))
    assert found
    return found


@pytest.fixture(scope="module")
def crowd(skim_in, tmp_path_factory):
    """Run the healthy day among all broken ones, in one process; give folder, code and output."""
    names = [name for name in (*FAIL, *PASS) if name not in HOGS]
    site = tmp_path_factory.mktemp("site")
    install(site, names)
    skim = skim_in(site)
    return skim, *skim.run(*together(*names))


@pytest.fixture(scope="module")
def hogged(skim_in, tmp_path_factory):
    """Run the healthy day beside threads that run for ever; give folder, code and output."""
    site = tmp_path_factory.mktemp("site")
    install(site, HOGS)
    skim = skim_in(site)
    return skim, *skim.run(*together(*HOGS))


@pytest.fixture(scope="module")
def overheard(skim_in, tmp_path_factory):
    """Run the healthy day before broken listeners; give folder, code and output."""
    site = tmp_path_factory.mktemp("site")
    install(site, [], EXTENSIONS, ["broken_at_import"])
    skim = skim_in(site)
    return skim, *skim.run(*together())


@pytest.fixture
def beside(skim_in, tmp_path):
    """Install one broken strategy: ``beside("leaks")`` gives the folder to run it in."""

    def installed(strategy):
        install(tmp_path, [strategy])
        return skim_in(tmp_path)

    return installed


def assert_as_if_alone(skim, alone, said):
    events = skim.events(run_id(HEALTHY))
    assert trades(events) == alone, said
    assert isinstance(events[-1], DayFinished)
    assert events[-1].outcome is Outcome.COMPLETED


def test_the_healthy_day_trades_as_if_it_were_alone(crowd, alone):
    skim, _, said = crowd
    assert_as_if_alone(skim, alone, said)


def test_the_healthy_day_trades_as_if_it_were_alone_beside_threads_that_run_for_ever(hogged, alone):
    skim, code, said = hogged
    assert code == 1, said
    assert "tried to end the event loop" not in said
    assert_as_if_alone(skim, alone, said)


def test_the_process_ends_with_a_failed_days_exit_code_and_no_traceback(crowd):
    _, code, said = crowd
    assert code == 1, said
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert "threads that a plugin left running were cut off" in said


@pytest.mark.parametrize("strategy", FAIL)
def test_a_broken_strategy_fails_by_itself_and_says_why(request, strategy):
    skim, _, said = request.getfixturevalue("hogged" if strategy in HOGS else "crowd")
    events = skim.events(run_id(strategy))
    [failed] = [event for event in events if event.kind == "phase_failed"]
    assert re.match(FAIL[strategy], failed.error), failed.error
    assert failed.error.isprintable()
    assert len(failed.error) <= 500
    assert isinstance(events[-1], DayFinished)
    assert events[-1].outcome is Outcome.FAILED
    assert failed.error[:100] in said


@pytest.mark.parametrize("strategy", PASS)
def test_what_a_strategy_does_to_its_surroundings_leaves_every_day_sound(crowd, strategy):
    skim, _, said = crowd
    events = skim.events(run_id(strategy))
    assert events[-1].outcome is Outcome.COMPLETED, said
    assert [event.kind for event in events if getattr(event, "phase", None) == "scan"] == [
        "phase_requested",
        "phase_started",
        "candidates_scanned",
        "phase_completed",
    ]
    kinds = {event.kind for event in events}
    assert "candidates_purged" not in kinds
    assert not {kind for kind in kinds if kind.startswith("order")}


def test_a_forked_child_does_nothing_in_the_days_name(crowd):
    skim, *_ = crowd
    assert not (skim.directory / "child acted").exists()


def test_the_healthy_day_trades_as_ever_before_broken_listeners(overheard, alone):
    skim, code, said = overheard
    assert code == 0, said
    assert "Traceback" not in said
    assert_as_if_alone(skim, alone, said)


def test_broken_extensions_are_named(overheard):
    _, _, said = overheard
    assert "broken_at_import" in said
    assert "SystemExit: this extension wants to leave" in said
    assert "listener 'loud_raises' raised on day_started and goes on: SystemExit" in said
    assert "listener 'loud_raises_async' raised on day_started and goes on: Keyboard" in said
    assert "not done in time with the events so far: loud_hangs" in said


def test_a_flood_of_log_lines_is_cut_and_no_line_steers_the_terminal(overheard):
    _, _, said = overheard
    assert "\x1b" not in said
    assert r"WARNING flood: line 1 \x1b[31m" in said
    assert "flood: writes too much: some of its lines are left out." in said
    assert said.count("WARNING flood:") < 2000


def test_a_leak_fails_its_own_phase_at_the_memory_limit(beside, alone):
    skim = beside("leaks")
    (skim.directory / "skim.toml").write_text('memory_limit = "512MiB"\n')
    code, said = skim.run(*together("leaks"))
    assert code == 1
    assert "scan failed: MemoryError" in said
    assert_as_if_alone(skim, alone, said)


@pytest.mark.parametrize("strategy", ["dereferences_null", "exits_at_once"])
def test_days_that_a_strategy_took_along_are_finished_by_the_watchdog(beside, alone, strategy):
    skim = beside(strategy)
    code, _ = skim.run(*together(strategy))
    assert code in {5, -11}
    code, said = skim.run("start_monitoring")
    assert code == 0, said
    assert_as_if_alone(skim, alone, said)
    assert skim.events(run_id(strategy))[-1].outcome is Outcome.COMPLETED


def test_an_exit_handler_that_hangs_does_not_keep_the_process(beside, alone):
    skim = beside("hangs_at_exit")
    code, said = skim.run(*together("hangs_at_exit"))
    assert code == 0, said
    assert_as_if_alone(skim, alone, said)
