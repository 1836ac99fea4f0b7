"""``halt`` and ``resume``: the kill switch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skim_core.cli.days.controls import (
    PATIENCE,
    OpenDay,
    controls_of,
    login_name,
    open_days,
    said_why,
    standing_halts,
    wait_for,
    without_process,
)
from skim_core.cli.days.journaled import begun_days
from skim_core.cli.days.relaying import relay
from skim_core.cli.output import echo, print_json
from skim_core.cli.places import open_journal
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.decide.controls import standing_halt
from skim_core.exits import ExitCode
from skim_core.model.controls import Control, Halt, Resume
from skim_core.model.events import EntriesHalted, EntriesResumed
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.discovery import Group, find
from skim_core.ports.journal import Journal


@dataclass(frozen=True)
class _Told:
    """A control that was journaled, the days it concerns, and those that have taken it up."""

    number: int
    days: Sequence[OpenDay]
    effective: frozenset[str]

    @property
    def heard(self) -> list[TradingDay]:
        """The days whose process has taken the control up."""
        return [day.day for day in self.days if day.run_id in self.effective]

    @property
    def late(self) -> list[OpenDay]:
        """The days that a process runs which has not taken the control up."""
        return [
            day for day in self.days if day.owner is not None and day.run_id not in self.effective
        ]


def halt_entries(strategy: str | None, why: str, wanted: Wanted, *, flatten: bool) -> int:
    """Halt a strategy's entries, or (None) the account's; return the exit code.

    That is 1 when a running process has not taken the halt up within two seconds, or when
    all is to be sold of a day that no process runs. Raises ConfigError for an empty `why`,
    PluginError for a strategy that neither is installed nor has a day.
    """
    settings = wanted.settings()
    halt = Halt(
        at=WallClock().now(),
        account=settings.account,
        by=login_name(),
        why=said_why(why),
        strategy=strategy,
        flatten=flatten,
    )
    journal = open_journal(settings)
    try:
        _check_known(journal, strategy)
        told = _tell(journal, halt)
    finally:
        journal.close()
    waiting = without_process(told.days)
    sold = "all that is held is sold at market" if flatten else "stops and exits go on"
    lines = [f"entries of {_whose(halt)} are halted: {sold}.", *_halted(told)]
    for day in waiting:
        idle = "nothing of it is sold before" if flatten else "it holds from then on"
        lines.append(
            f"no process runs {day.run_id}: 'skim start_monitoring' goes on with it, {idle}."
        )
    if not told.days:
        lines.append("No day is running: each that is started begins halted.")
    _say(lines, halt, told, wanted)
    relay(halt, told.heard, settings)
    return ExitCode.FAILED if told.late or (flatten and waiting) else ExitCode.DONE


def resume_entries(strategy: str | None, why: str, wanted: Wanted) -> int:
    """Take a halt back; return the exit code.

    Without a strategy the account's and every strategy's. When nothing is halted that is
    said, and the code is 0; it is 1 when a strategy stays halted with the account, or when
    a running process has not taken it up.
    """
    settings = wanted.settings()
    resume = Resume(
        at=WallClock().now(),
        account=settings.account,
        by=login_name(),
        why=" ".join(why.split()),
        strategy=strategy,
    )
    if not settings.journal_path.exists():
        return _nothing_halted(resume, [], wanted)
    journal = open_journal(settings)
    try:
        _check_known(journal, strategy)
        standing = standing_halts(controls_of(journal), settings.account)
        if not any(strategy in {None, halt.strategy} for halt in standing):
            return _nothing_halted(resume, standing, wanted)
        told = _tell(journal, resume)
    finally:
        journal.close()
    for_account = [halt for halt in standing if strategy is not None and halt.strategy is None]
    lines = [f"entries of {_whose(resume)} are allowed again."]
    if for_account:
        lines = [
            f"the halt of {strategy} is taken back, but {_still(for_account[0])}: "
            "'skim resume' takes that back too."
        ]
    lines += [f"{day.run_id} has taken it up." for day in told.days if day.run_id in told.effective]
    lines += [_is_late(day) for day in told.late]
    _say(lines, resume, told, wanted)
    relay(resume, told.heard, settings)
    return ExitCode.FAILED if told.late else ExitCode.DONE


def _tell(journal: Journal, control: Halt | Resume) -> _Told:
    number = journal.append_control(control)
    controls = controls_of(journal)
    days = open_days(journal, control.account, control.strategy, control.at)
    followed = [
        _Followed(journal, day.run_id, standing_halt(controls, control.account, day.strategy))
        for day in days
        if day.owner is not None
    ]
    # A list, not a generator: every day is looked at each time.
    wait_for(lambda: all([day.is_effective() for day in followed]))  # noqa: C419
    return _Told(number, days, frozenset(day.run_id for day in followed if day.effective))


class _Followed:
    """Follows the journal of a day until it says of entries what was said last to it."""

    def __init__(self, journal: Journal, run_id: str, expected: Halt | None) -> None:
        self.run_id = run_id
        self.effective = False
        self._journal = journal
        self._expected = expected
        self._sequence = 0
        self._halted: EntriesHalted | None = None

    def is_effective(self) -> bool:
        """Whether the day's own word is, by now, what people said."""
        for record in self._journal.read(self.run_id, self._sequence):
            self._sequence = record.sequence
            if isinstance(record.event, EntriesHalted):
                self._halted = record.event
            elif isinstance(record.event, EntriesResumed):
                self._halted = None
        self.effective = _terms(self._halted) == _terms(self._expected)
        return self.effective


def _terms(halt: Halt | EntriesHalted | None) -> tuple[str, str, bool] | None:
    return None if halt is None else (halt.why, halt.by, halt.flatten)


def _check_known(journal: Journal, strategy: str | None) -> None:
    """Refuse a strategy that nobody knows; one that was uninstalled may still hold something."""
    if strategy is None or any(day.strategy == strategy for day in begun_days(journal)):
        return
    find(Group.STRATEGIES, strategy)


def _nothing_halted(resume: Resume, standing: Sequence[Halt], wanted: Wanted) -> int:
    for_account = next((halt for halt in standing if halt.strategy is None), None)
    if for_account is None:
        reason = f"entries of {_whose(resume)} are not halted: nothing to do."
    else:
        reason = (
            f"{resume.strategy} has no halt of its own, but {_still(for_account)}: "
            "'skim resume' takes that back, for all strategies."
        )
    if wanted.as_json:
        print_json({"control": None, "number": None, "days": [], "reason": reason})
    else:
        echo(f"skim: {reason}")
    return ExitCode.DONE if for_account is None else ExitCode.FAILED


def _whose(control: Halt | Resume) -> str:
    where = f"the account {control.account}"
    return (
        f"all strategies of {where}"
        if control.strategy is None
        else f"{control.strategy} in {where}"
    )


def _still(halt: Halt) -> str:
    return f"the account {halt.account} is halted by {halt.by}: {halt.why}"


def _halted(told: _Told) -> list[str]:
    effective = [
        f"{day.run_id} is halted (run by {day.owner})."
        for day in told.days
        if day.run_id in told.effective
    ]
    return [*effective, *(_is_late(day) for day in told.late)]


def _is_late(day: OpenDay) -> str:
    return (
        f"{day.run_id} is run by {day.owner}, which has not taken it up within "
        f"{PATIENCE.seconds} s: see 'skim status', and end that process if it hangs."
    )


def _say(lines: Sequence[str], control: Control, told: _Told, wanted: Wanted) -> None:
    if not wanted.as_json:
        for line in lines:
            echo(f"skim: {line}")
        return
    days: list[dict[str, Any]] = [
        {"run_id": day.run_id, "owner": day.owner, "effective": day.run_id in told.effective}
        for day in told.days
    ]
    print_json(
        {
            "control": control.model_dump(),
            "number": told.number,
            "days": days,
            "reason": " ".join(lines),
        }
    )
