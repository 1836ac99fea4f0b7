"""What came of a session."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """What came of a session: as `skim_core.simulation.outcome.Outcome`."""

    plan: object
    violations: tuple
    history: tuple
    figures: Counter = field(default_factory=Counter)

    @property
    def digest(self):
        """A fingerprint of the history."""
        return hashlib.sha256("\n".join(self.history).encode()).hexdigest()[:16]

    def report(self):
        """Say what was found, under which troubles, and how to see it again."""
        plan = self.plan
        numbers = ",".join(str(trouble.number) for trouble in plan.troubles) or "0"
        return "\n".join(
            [
                f"seed {plan.seed}, {plan.strategy}, {len(plan.troubles)} troubles:",
                *(f"  {trouble}" for trouble in plan.troubles),
                *(f"violated: {violation}" for violation in self.violations),
                f"again: python -m tests.cross.faulted --start {plan.seed} --only {numbers} --history",
            ]
        )
