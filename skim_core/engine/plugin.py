"""The local engine as a plugin, registered through the same hook as anyone's."""

from __future__ import annotations

from skim_core.engine.local import LocalEngine
from skim_core.ports import hooks
from skim_core.ports.engine import Engine, EngineSetup

api_version = 1


@hooks.make_engine
def skim_make_engine(setup: EngineSetup) -> Engine:
    """Return an engine that runs days in this process, on asyncio."""
    return LocalEngine(setup)
