"""A seed's session in a process among several."""

from __future__ import annotations

import logging
import warnings

from .plan import plan_of
from .session import run_session


def run_seed(seed):
    """Return what came of a seed: its report, '' when nothing was violated, its figures and its digest."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    outcome = run_session(plan_of(seed))
    figures = outcome.figures
    figures.update(f"trouble: {trouble.do}" for trouble in outcome.plan.troubles)
    figures.update(f"violated: {violation.invariant}" for violation in outcome.violations)
    return seed, outcome.report() if outcome.violations else "", figures, outcome.digest
