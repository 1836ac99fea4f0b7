"""What tests of strategies need: days, tapes, faults, assertions; public, for plugin authors.

Names are imported when they are first used. The fixtures are those of `pytest_plugin`, which
pytest finds by itself where skim is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_core.faces import lazy

if TYPE_CHECKING:
    from skim_core.clock.virtual import VirtualClock as VirtualClock
    from skim_core.plugins.brokers import load_broker as load_broker
    from skim_core.plugins.configuration import validate_config as validate_config
    from skim_core.plugins.strategies import StrategyPlugin as StrategyPlugin
    from skim_core.plugins.strategies import load_strategy as load_strategy
    from skim_core.simulation.plain import plain_exchange as plain_exchange
    from skim_core.simulation.plain import plain_session as plain_session
    from skim_core.testing.assertions import assert_completed as assert_completed
    from skim_core.testing.assertions import assert_flat as assert_flat
    from skim_core.testing.assertions import assert_happened as assert_happened
    from skim_core.testing.assertions import assert_in_order as assert_in_order
    from skim_core.testing.assertions import assert_left_nothing as assert_left_nothing
    from skim_core.testing.assertions import assert_never as assert_never
    from skim_core.testing.assertions import assert_ordered_once as assert_ordered_once
    from skim_core.testing.assertions import assert_protected as assert_protected
    from skim_core.testing.command import Answer as Answer
    from skim_core.testing.command import Skim as Skim
    from skim_core.testing.conformance import StrategyConformance as StrategyConformance
    from skim_core.testing.faults import Faults as Faults
    from skim_core.testing.journal_contract import JournalContract as JournalContract
    from skim_core.testing.lookahead import Peek as Peek
    from skim_core.testing.lookahead import find_lookahead as find_lookahead
    from skim_core.testing.plain_account import PlainAccount as PlainAccount
    from skim_core.testing.plain_minutes import MILLION as MILLION
    from skim_core.testing.plain_minutes import PlainBar as PlainBar
    from skim_core.testing.plain_minutes import PlainSession as PlainSession
    from skim_core.testing.replays import Replayed as Replayed
    from skim_core.testing.replays import in_order as in_order
    from skim_core.testing.replays import plan_days as plan_days
    from skim_core.testing.replays import replay_days as replay_days
    from skim_core.testing.simulate import SimulatedDay as SimulatedDay
    from skim_core.testing.simulate import Traded as Traded
    from skim_core.testing.simulate import session_of as session_of
    from skim_core.testing.simulate import simulate_day as simulate_day
    from skim_core.testing.simulate import simulate_days as simulate_days
    from skim_core.testing.tape import Share as Share
    from skim_core.testing.tape import Tape as Tape
    from skim_core.testing.tape import Tapes as Tapes

_HOMES = {
    "Answer": "testing.command",
    "Faults": "testing.faults",
    "JournalContract": "testing.journal_contract",
    "MILLION": "testing.plain_minutes",
    "Peek": "testing.lookahead",
    "PlainAccount": "testing.plain_account",
    "PlainBar": "testing.plain_minutes",
    "PlainSession": "testing.plain_minutes",
    "Replayed": "testing.replays",
    "Share": "testing.tape",
    "SimulatedDay": "testing.simulate",
    "Skim": "testing.command",
    "StrategyConformance": "testing.conformance",
    "StrategyPlugin": "plugins.strategies",
    "Tape": "testing.tape",
    "Tapes": "testing.tape",
    "Traded": "testing.simulate",
    "VirtualClock": "clock.virtual",
    "assert_completed": "testing.assertions",
    "assert_flat": "testing.assertions",
    "assert_happened": "testing.assertions",
    "assert_in_order": "testing.assertions",
    "assert_left_nothing": "testing.assertions",
    "assert_never": "testing.assertions",
    "assert_ordered_once": "testing.assertions",
    "assert_protected": "testing.assertions",
    "find_lookahead": "testing.lookahead",
    "in_order": "testing.replays",
    "load_broker": "plugins.brokers",
    "load_strategy": "plugins.strategies",
    "plain_exchange": "simulation.plain",
    "plain_session": "simulation.plain",
    "plan_days": "testing.replays",
    "replay_days": "testing.replays",
    "session_of": "testing.simulate",
    "simulate_day": "testing.simulate",
    "simulate_days": "testing.simulate",
    "validate_config": "plugins.configuration",
}

__all__ = list(_HOMES)

__getattr__ = lazy(__name__, _HOMES)
