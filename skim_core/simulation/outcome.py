"""What came of a simulated day."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from skim_core.simulation.faults import FaultPlan, describe


class Invariant(StrEnum):
    """What must be true whatever happens; each with its sentence in `SENTENCES`."""

    ONE_ORDER = "one_order"
    NOTHING_OVERSOLD = "nothing_oversold"
    PROTECTED = "protected"
    BOOKS_COMPARED = "books_compared"
    BOOKS_AGREE = "books_agree"
    ONE_OWNER = "one_owner"
    ENTRIES_ALLOWED = "entries_allowed"
    PHASES_IN_ORDER = "phases_in_order"
    NOTHING_LOST = "nothing_lost"
    FOREIGN_UNTOUCHED = "foreign_untouched"
    DAY_ENDS = "day_ends"
    NOTHING_BREAKS = "nothing_breaks"


SENTENCES: dict[Invariant, str] = {
    Invariant.ONE_ORDER: "No intent has two orders at the broker that live or have traded, and "
    "no two intents have one.",
    Invariant.NOTHING_OVERSOLD: "No strategy sells more than it holds, unless its sale crossed "
    "another's trade on the way, and then not for long; nor does more than it holds or may yet "
    "buy rest to be sold, but for a short time.",
    Invariant.PROTECTED: "Every position has a working stop of its size or is being sold, within "
    "its limit of simulated time in which a process ran and could reach the broker; in a halt "
    "that says so it is sold.",
    Invariant.BOOKS_COMPARED: "Nothing is decided before the broker's books were looked at twice.",
    Invariant.BOOKS_AGREE: "Each strategy's positions by its journal equal the true ones when all "
    "is calm again, and the orders that rest are the journal's, as it says, but for a short "
    "time; or the difference is shown.",
    Invariant.ONE_OWNER: "Nobody goes on with a day whose lease another holds, and "
    "nobody sends an order of a day with which another has gone on.",
    Invariant.ENTRIES_ALLOWED: "No entry is decided outside its window, above a limit, after a "
    "halt, or in a symbol with an order in doubt; and none works on in a halt or when its "
    "position is left.",
    Invariant.PHASES_IN_ORDER: "No phase runs before those it comes after, and none again once it "
    "is done.",
    Invariant.NOTHING_LOST: "Every order at the broker that is ours was in the journal, safe from "
    "a power loss, before it was sent; what was safe is there after every power loss.",
    Invariant.FOREIGN_UNTOUCHED: "No order of somebody else is cancelled or changed.",
    Invariant.DAY_ENDS: "Every day that was begun ends.",
    Invariant.NOTHING_BREAKS: "Nothing raises that nobody deals with.",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold, when, and what was found."""

    invariant: Invariant
    at: datetime
    text: str

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S.%f} {self.invariant}: {self.text}"


@dataclass(frozen=True)
class Outcome:
    """A simulated day: what was planned, what happened, what must not have.

    `history` is every change at the broker and in the journal, in order, as text: the same
    for the same plan, to the byte. `figures` counts what happened.
    """

    plan: FaultPlan
    violations: tuple[Violation, ...]
    history: tuple[str, ...]
    figures: Counter[str] = field(default_factory=Counter)

    @property
    def digest(self) -> str:
        """A fingerprint of the history."""
        return hashlib.sha256("\n".join(self.history).encode()).hexdigest()[:16]

    def broke(self) -> set[Invariant]:
        """Return the invariants that did not hold."""
        return {violation.invariant for violation in self.violations}

    def report(self) -> str:
        """Say what was found, under which faults, and how to see it again."""
        lines = [f"seed {self.plan.seed}, {len(self.plan.faults)} faults:"]
        lines += [f"  {describe(fault)}" for fault in self.plan.faults]
        lines += [f"violated: {violation}" for violation in self.violations]
        lines.append(
            f"again: python -m skim_core.simulation --plan '{self.plan.model_dump_json(exclude_defaults=True)}'"
        )
        return "\n".join(lines)
