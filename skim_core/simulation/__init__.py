"""Deterministic simulation: several machines in one thread, on virtual time, killed at will.

A `SimulationLoop` runs everything; each `Process` is a program on a machine with a
`LoopClock` and a `DiskJournal` on a `Disk`. Nothing depends on the wall's time, on threads or
on chance: the same run takes the same steps every time.

    with closing(SimulationLoop()) as loop:
        process = Process("first", loop)
        task = process.run(day())
        process.kill_at_step(40)
        survived = loop.run_until_complete(process.completes(task))
"""

from __future__ import annotations

from skim_core.simulation.agenda import NotSimulated, SimulationStuck
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.disk import Disk
from skim_core.simulation.journal import DiskJournal
from skim_core.simulation.loop import SimulationLoop, Unhandled
from skim_core.simulation.process import Killed, Process, current_process

__all__ = [
    "Disk",
    "DiskJournal",
    "Killed",
    "LoopClock",
    "NotSimulated",
    "Process",
    "SimulationLoop",
    "SimulationStuck",
    "Unhandled",
    "current_process",
]
