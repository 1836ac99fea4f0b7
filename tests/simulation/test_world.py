"""Each fault that the world brings about does what it says, and the day goes on.

Times are UTC: the session opens at 23:00. The days are those of `calm_seed`.
"""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache

import pytest

from skim_core.simulation import SimulationLoop
from skim_core.simulation.fault_shapes import FaultKind
from skim_core.simulation.faults import Fault, FaultPlan
from skim_core.simulation.machines import LEASE_TERM
from skim_core.simulation.world import World

OPEN = datetime(2026, 1, 5, 23, tzinfo=UTC)
NOON = 20 * 60  # seconds after the open: 23:20, while nothing is being sent
# What people say is heard after two minutes here; a market order may trade in parts.
SOLD = timedelta(minutes=4)


@dataclass
class Line:
    """A line of a day's history: a record of the journal when `kind` is not empty."""

    at: datetime
    text: str
    kind: str
    fields: dict


@dataclass
class Day:
    lines: list[Line]
    deaths: dict[str, str]

    def of(self, *kinds):
        return [line for line in self.lines if line.kind in kinds]

    def between(self, start, end):
        return [line for line in self.lines if start <= line.at.time() < end]

    @property
    def entries(self):
        """When entries were decided."""
        return [
            line.at
            for line in self.of("order_intended")
            if line.fields["order"].get("purpose", "entry").startswith("entry")
        ]

    @property
    def held(self):
        """Each position's symbol, when it was opened and when closed."""
        opened = {}
        for line in self.of("position_opened", "position_closed"):
            if line.kind == "position_opened":
                opened[line.fields["symbol"]] = line.at
            else:
                yield line.fields["symbol"], opened[line.fields["symbol"]], line.at

    @property
    def sent(self):
        """The references of the orders that reached the broker, in their order."""
        return re.findall(r"sends (\S+) ", "\n".join(line.text for line in self.lines))


def read(text):
    stamp, said = text.split(" ", 1)
    hour = time.fromisoformat(stamp)
    date = (2026, 1, 5) if hour.hour > 12 else (2026, 1, 6)
    at = datetime(*date, hour.hour, hour.minute, hour.second, hour.microsecond, tzinfo=UTC)
    record = re.fullmatch(r"alpha (\w+) (\{.*\})", said)
    if record is None:
        return Line(at, said, "", {})
    return Line(at, said, record[1], json.loads(record[2]))


def live(*faults, seed=None):
    """Live a day on which these things go wrong; every invariant must have held."""
    seed = calm_seed() if seed is None else seed
    numbered = [Fault(number=number, **fault) for number, fault in enumerate(faults)]
    with closing(SimulationLoop(step_limit=400_000)) as loop:
        world = World(FaultPlan(seed=seed, faults=tuple(numbered)), loop)
        world.run()
        deaths = {process.name: process.death for process in loop.processes}
    outcome = world.outcome()
    assert not outcome.violations, outcome.report()
    lines = [read(text) for text in outcome.history]
    return Day(lines, deaths)


@cache
def calm_seed():
    """Return a seed with one strategy and one machine, whose day has something for each test."""
    return next(seed for seed in range(1, 500) if is_calm(seed))


def is_calm(seed):
    day = live(seed=seed)
    entries = [at - OPEN for at in day.entries]
    return (
        not any(line.text.startswith("beta ") for line in day.lines)
        and not any(" sends " in line.text for line in day.between(time(23, 18), time(23, 24)))
        and any(timedelta(minutes=14) <= at < timedelta(minutes=32) for at in entries)
        and any(timedelta(minutes=32) <= at for at in entries)
        and len({line.at for line in day.of("order_sending")}) > 3
        and any(end - start > 2 * SOLD for _, start, end in day.held)
        and all(
            name.startswith("a")
            for name in live({"kind": FaultKind.KILLED, "at": NOON}, seed=seed).deaths
        )
    )


def test_a_day_without_a_fault_is_run_by_one_process_to_its_end():
    day = live()
    assert day.deaths == {"a:1": "done"}
    assert not day.of("day_resumed")
    assert day.of("day_finished")[0].fields == {"outcome": "completed"}
    assert len(day.sent) == len(set(day.sent)) > 4


@pytest.mark.parametrize(
    ("fault", "death"),
    [
        ({"kind": FaultKind.KILLED, "at": NOON}, "killed"),
        ({"kind": FaultKind.KILLED_AT_STEP, "amount": 300}, "killed at step 300"),
        ({"kind": FaultKind.KILLED_AT_WRITE, "amount": 60}, "killed at write point 60"),
    ],
)
def test_a_process_that_is_killed_is_replaced_by_the_watchdog(fault, death):
    day = live(fault)
    assert day.deaths["a:1"].startswith(death)
    assert [line.fields["owner"] for line in day.of("day_resumed")] == ["a:2"]
    assert day.deaths["a:2"] == "done"


def test_the_watchdog_comes_within_its_five_minutes():
    day = live({"kind": FaultKind.KILLED, "at": NOON})
    [resumed] = day.of("day_resumed")
    assert resumed.at.time() < time(23, 25, 1)
    assert not [line for line in day.between(time(23, 20), resumed.at.time()) if line.kind]


def test_a_process_that_stands_still_beyond_its_lease_is_ended_and_replaced():
    day = live({"kind": FaultKind.SUSPENDED, "at": NOON, "lasting": 800})
    assert day.deaths["a:1"] == "ended by the watchdog: its lease has run out"
    assert [line.fields["owner"] for line in day.of("day_resumed")] == ["a:2"]


def test_one_that_goes_on_before_its_lease_runs_out_keeps_the_day():
    short = LEASE_TERM.total_seconds() / 3
    day = live({"kind": FaultKind.SUSPENDED, "at": NOON, "lasting": short})
    assert day.deaths == {"a:1": "done"}


@pytest.mark.parametrize("kind", [FaultKind.STARTED_TWICE, FaultKind.SECOND_MACHINE])
def test_who_comes_second_leaves_and_nothing_is_sent_twice(kind):
    day, undisturbed = live({"kind": kind, "at": NOON}), live()
    assert set(day.deaths.values()) == {"done"}
    [second] = set(day.deaths) - {"a:1"}
    assert second.startswith("a") is (kind is FaultKind.STARTED_TWICE)
    assert not day.of("day_resumed")
    assert day.sent == undisturbed.sent


def test_a_second_machine_goes_on_when_the_first_one_is_gone():
    day = live(
        {"kind": FaultKind.SECOND_MACHINE, "at": NOON},
        {"kind": FaultKind.SUSPENDED, "at": NOON + 60, "lasting": 900},
    )
    [resumed] = day.of("day_resumed")
    assert resumed.fields["owner"] != "a:1"


@pytest.mark.parametrize("kind", [FaultKind.DISK_FULL, FaultKind.DISK_READ_ONLY])
def test_while_nothing_can_be_written_nothing_is_sent_and_then_the_day_goes_on(kind):
    mended = time(23, 26, 40)
    day = live({"kind": kind, "at": NOON, "lasting": 400})
    during = day.between(time(23, 20), mended)
    assert not [line for line in during if line.kind or " sends " in line.text]
    # The first process ended the day's run as broken, so did the watchdog's before room was made.
    assert day.deaths == dict.fromkeys(["a:1", "a:2", "a:3"], "done")
    assert [line.fields["owner"] for line in day.of("day_resumed")] == ["a:3"]
    assert day.of("day_finished")[0].fields["outcome"] == "completed"


def test_a_journal_that_is_locked_for_a_moment_holds_nothing_up_for_long():
    day = live({"kind": FaultKind.DISK_LOCKED, "at": NOON, "lasting": 30})
    assert day.of("day_finished")[0].fields["outcome"] == "completed"
    assert day.between(time(23, 25), time(23, 26))


@pytest.mark.parametrize("seconds", [100, -100])
def test_a_clock_that_is_set_wrong_moves_what_its_machine_does(seconds):
    def window_over(day):
        ended = day.of("phase_completed")
        return next(line.at for line in ended if line.fields["phase"] == "trade")

    skewed = live({"kind": FaultKind.CLOCK_SKEWED, "at": NOON, "amount": seconds})
    assert window_over(live()) - window_over(skewed) == timedelta(seconds=seconds)


def test_a_halt_keeps_entries_back_at_once_until_it_is_taken_back():
    halt = {"kind": FaultKind.HALTED_BY_PEOPLE, "at": 14 * 60, "variant": "account"}
    taken_back = {"kind": FaultKind.RESUMED_BY_PEOPLE, "at": 32 * 60}
    day = live(halt, taken_back)
    assert [at for at in live().entries if time(23, 14) <= at.time() < time(23, 32)]
    assert not [at for at in day.entries if time(23, 14) <= at.time() < time(23, 32)]
    assert [at for at in day.entries if at.time() >= time(23, 32)]
    assert next(line.fields["limit"] for line in day.of("order_refused")) == "halt"
    assert [line.kind for line in day.of("entries_halted", "entries_resumed")] == [
        "entries_halted",
        "entries_resumed",
    ]


def test_a_halt_of_one_strategy_is_not_one_of_the_account():
    day = live({"kind": FaultKind.HALTED_BY_PEOPLE, "at": 14 * 60, "variant": "strategy"})
    [said] = [line.text for line in day.lines if line.text.startswith("control ")]
    assert json.loads(said.removeprefix("control "))["strategy"] == "alpha"
    assert not [at for at in day.entries if at.time() >= time(23, 14)]


def test_a_halt_that_flattens_sells_what_is_held():
    held = ((symbol, start) for symbol, start, end in live().held if end - start > 2 * SOLD)
    symbol, start = next(held)
    halted = start + timedelta(minutes=1)
    seconds = (halted - OPEN).total_seconds()
    day = live({"kind": FaultKind.HALTED_BY_PEOPLE, "at": seconds, "variant": "account, flatten"})
    assert (symbol, start) in [(name, opened) for name, opened, _ in day.held]
    assert all(closed < halted + SOLD for name, opened, closed in day.held if opened < halted)
    sold = [line.fields["order"] for line in day.of("order_intended") if line.at > halted]
    assert (symbol, "flatten") in [(order["symbol"], order["purpose"]) for order in sold]


def test_a_power_loss_ends_all_that_runs_and_takes_nothing_that_was_made_safe():
    """The power fails right after each send: the order is still the one that was decided."""
    sendings = live().of("order_sending")
    moments = sorted({(line.at - OPEN).total_seconds() for line in sendings})
    assert len(moments) > 3
    for moment in moments:
        day = live({"kind": FaultKind.POWER_LOST, "at": moment + 0.0005})
        assert day.deaths["a:1"] == "its machine went down"
        [lost] = [line.at for line in day.lines if line.text == "fault power_lost"]
        before = {line.fields["reference"] for line in day.of("order_sending") if line.at < lost}
        decided = [line.fields["order"]["reference"] for line in day.of("order_intended")]
        assert before
        assert all(decided.count(reference) == 1 for reference in before)


def test_a_power_loss_may_take_what_was_not_made_safe():
    """A phase that was told to have ticked is due again when that was lost."""
    days = [live({"kind": FaultKind.POWER_LOST, "at": NOON + 0.5}, seed=seed) for seed in range(9)]
    ticks = [
        [
            line.fields["attempt"]
            for line in day.of("phase_ticked")
            if line.fields["phase"] == "manage"
        ]
        for day in days
    ]
    assert any(len(numbers) > len(set(numbers)) for numbers in ticks)
    assert any(len(numbers) == len(set(numbers)) for numbers in ticks)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.PLUGIN_RAISES, "RuntimeError: a planted fault"),
        (FaultKind.PLUGIN_HANGS, "timed out after 2m"),
        (FaultKind.PLUGIN_NONSENSE, "skim_trade must return None, found "),
    ],
)
def test_a_phase_that_fails_hurts_only_its_own_tick(kind, error):
    day = live({"kind": kind, "target": "trade", "nth": 2, "lasting": 60})
    [failed] = day.of("phase_retried")
    assert (failed.fields["phase"], failed.fields["attempt"]) == ("trade", 2)
    assert failed.fields["error"].startswith(error)
    assert day.deaths == {"a:1": "done"}
    assert [at for at in day.entries if at > failed.at]
