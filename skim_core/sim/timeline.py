"""The line on which all that happens at the simulated exchange has its place.

All that happens is a line of instants, and at each instant a line of turns: turn 0 is the
market, what was due from before; turn 1 the instructions that arrive; turn 2 what these
have at once led to; turn 3 the instructions that answer to that; and so on. An instruction's
place on this line is written into the account's book, so that the same instructions at
their places lead to the same trades, whenever and however often they are followed.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import TypeAlias

from skim_core.sim.instructions import Instruction
from skim_core.sim.matching import Touch
from skim_core.sim.resting import Resting

STOP, OTHER, EXPIRY = 0, 1, 2
"""In what order the things of one turn are done."""


@dataclass(frozen=True, slots=True)
class Look:
    """`resting` meets the market in `touch`, unless it was looked at again since."""

    resting: Resting
    looks: int
    touch: Touch

    @property
    def void(self) -> bool:
        """Whether nothing is to be done any more."""
        return self.looks != self.resting.looks or not self.resting.live


@dataclass(frozen=True, slots=True)
class Expiry:
    """`resting` ends with the session."""

    resting: Resting

    @property
    def void(self) -> bool:
        """Whether nothing is to be done any more."""
        return not self.resting.live


@dataclass(frozen=True, slots=True)
class Arrival:
    """An instruction arrives."""

    instruction: Instruction
    void = False


Due: TypeAlias = Look | Expiry | Arrival


class Timeline:
    """What is due, in its order; `when` and `turn` are the place of what was done last."""

    def __init__(self, start: datetime) -> None:
        self.when = start
        self.turn = 0
        # When, turn, rank, arrival and reference of the order, a number to tell all apart.
        self._heap: list[tuple[datetime, int, int, datetime, str, int, Due]] = []
        self._numbers = count()

    def next_due(self) -> datetime | None:
        """Return when the next thing is due, or None."""
        while self._heap and self._heap[0][-1].void:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def turn_at(self, now: datetime) -> int:
        """Return the turn in which an instruction that arrives at `now` is followed."""
        return self.turn | 1 if self.when == now else 1

    def pop_before_instruction(self, now: datetime) -> Due | None:
        """Take and return the next thing that comes before an instruction given at `now`."""
        if self._heap and self._heap[0][:2] <= (now, self.turn_at(now)):
            return self._pop()
        return None

    def pop_until(self, now: datetime | None) -> Due | None:
        """Take and return the next thing that is due by `now`, or ever when that is None."""
        if self._heap and (now is None or self._heap[0][0] <= now):
            return self._pop()
        return None

    def arrive(self, instruction: Instruction) -> None:
        """Put an instruction in its place."""
        at, turn = instruction.at, instruction.turn
        number = next(self._numbers)
        heapq.heappush(self._heap, (at, turn, 0, at, "", number, Arrival(instruction)))

    def wait(self, due: Look | Expiry, when: datetime, rank: int) -> None:
        """Put what follows from the present turn in its place.

        At this very instant that is the turn after the instructions'; later it is turn 0.
        """
        turn = (self.turn + 1) // 2 * 2 if when == self.when else 0
        resting = due.resting
        entry = (when, turn, rank, resting.arrival, resting.order.reference)
        heapq.heappush(self._heap, (*entry, next(self._numbers), due))

    def _pop(self) -> Due:
        self.when, self.turn, *_, due = heapq.heappop(self._heap)
        return due
