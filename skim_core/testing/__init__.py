"""What tests of strategies need: days, tapes, faults, assertions; public, for plugin authors.

Names are imported when they are first used. The fixtures are those of `pytest_plugin`, which
pytest finds by itself where skim is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skim_core.testing.assertions import assert_completed as assert_completed
    from skim_core.testing.assertions import assert_flat as assert_flat
    from skim_core.testing.assertions import assert_happened as assert_happened
    from skim_core.testing.assertions import assert_in_order as assert_in_order
    from skim_core.testing.assertions import assert_left_nothing as assert_left_nothing
    from skim_core.testing.assertions import assert_never as assert_never
    from skim_core.testing.assertions import assert_ordered_once as assert_ordered_once
    from skim_core.testing.assertions import assert_protected as assert_protected
    from skim_core.testing.conformance import StrategyConformance as StrategyConformance
    from skim_core.testing.faults import Faults as Faults
    from skim_core.testing.simulate import SimulatedDay as SimulatedDay
    from skim_core.testing.simulate import Traded as Traded
    from skim_core.testing.simulate import session_of as session_of
    from skim_core.testing.simulate import simulate_day as simulate_day
    from skim_core.testing.simulate import simulate_days as simulate_days
    from skim_core.testing.tape import Share as Share
    from skim_core.testing.tape import Tape as Tape
    from skim_core.testing.tape import Tapes as Tapes

_HOMES = {
    "Faults": "faults",
    "Share": "tape",
    "SimulatedDay": "simulate",
    "StrategyConformance": "conformance",
    "Tape": "tape",
    "Tapes": "tape",
    "Traded": "simulate",
    "assert_completed": "assertions",
    "assert_flat": "assertions",
    "assert_happened": "assertions",
    "assert_in_order": "assertions",
    "assert_left_nothing": "assertions",
    "assert_never": "assertions",
    "assert_ordered_once": "assertions",
    "assert_protected": "assertions",
    "session_of": "simulate",
    "simulate_day": "simulate",
    "simulate_days": "simulate",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
