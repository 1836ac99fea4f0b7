"""The simulated exchange and the broker in front of it, skim's embedded default.

Its names are for packages that put something else in front of that exchange, or feed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_core.faces import lazy

if TYPE_CHECKING:
    from skim_core.sim.account_sessions import BEFORE_OPEN as BEFORE_OPEN
    from skim_core.sim.broker import SimBroker as SimBroker
    from skim_core.sim.data import Feed as Feed
    from skim_core.sim.data import SessionData as SessionData
    from skim_core.sim.generated import GeneratedFeed as GeneratedFeed
    from skim_core.sim.halts import CalledHalt as CalledHalt
    from skim_core.sim.halts import without_called_halts as without_called_halts
    from skim_core.sim.halts import without_halts as without_halts
    from skim_core.sim.matching import exact as exact
    from skim_core.sim.options import Halt as Halt
    from skim_core.sim.options import SimOptions as SimOptions
    from skim_core.sim.options import read_options as read_options
    from skim_core.sim.parquet import read_parquet as read_parquet
    from skim_core.sim.recorded import RecordedFeed as RecordedFeed

_HOMES = {
    "BEFORE_OPEN": "sim.account_sessions",
    "CalledHalt": "sim.halts",
    "Feed": "sim.data",
    "GeneratedFeed": "sim.generated",
    "Halt": "sim.options",
    "RecordedFeed": "sim.recorded",
    "SessionData": "sim.data",
    "SimBroker": "sim.broker",
    "SimOptions": "sim.options",
    "exact": "sim.matching",
    "read_options": "sim.options",
    "read_parquet": "sim.parquet",
    "without_called_halts": "sim.halts",
    "without_halts": "sim.halts",
}

__all__ = list(_HOMES)

__getattr__ = lazy(__name__, _HOMES)
