"""A seed's session, or one that is written down, in a process among several."""

from __future__ import annotations

import logging
import warnings

from .plan import plan_of
from .session import run_session


def run_seed(seed):
    """Return what came of a seed: its report, '' when nothing was violated, its figures and its digest."""
    outcome = run_plan(plan_of(seed))
    figures = outcome.figures
    figures.update(f"trouble: {trouble.do}" for trouble in outcome.plan.troubles)
    figures.update(f"violated: {violation.invariant}" for violation in outcome.violations)
    return seed, outcome.report() if outcome.violations else "", figures, outcome.digest


def run_plan(plan):
    """Return the outcome of a plan; no log, and no warning of what a killed process left open."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    return run_session(plan)
