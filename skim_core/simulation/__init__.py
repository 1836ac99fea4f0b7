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

from typing import TYPE_CHECKING

from skim_core.faces import lazy

if TYPE_CHECKING:
    from skim_core.simulation.agenda import NotSimulated as NotSimulated
    from skim_core.simulation.agenda import SimulationStuck as SimulationStuck
    from skim_core.simulation.clock import LoopClock as LoopClock
    from skim_core.simulation.disk import Disk as Disk
    from skim_core.simulation.fault_shapes import FaultKind as FaultKind
    from skim_core.simulation.fault_shapes import Occasion as Occasion
    from skim_core.simulation.fault_shapes import Party as Party
    from skim_core.simulation.faults import Fault as Fault
    from skim_core.simulation.faults import FaultPlan as FaultPlan
    from skim_core.simulation.journal import DiskJournal as DiskJournal
    from skim_core.simulation.loop import SimulationLoop as SimulationLoop
    from skim_core.simulation.loop import Unhandled as Unhandled
    from skim_core.simulation.many import Totals as Totals
    from skim_core.simulation.many import run_batch as run_batch
    from skim_core.simulation.many import run_seeds as run_seeds
    from skim_core.simulation.outcome import Invariant as Invariant
    from skim_core.simulation.outcome import Outcome as Outcome
    from skim_core.simulation.outcome import Violation as Violation
    from skim_core.simulation.process import Killed as Killed
    from skim_core.simulation.process import Process as Process
    from skim_core.simulation.process import current_process as current_process
    from skim_core.simulation.shrinking import shrink as shrink
    from skim_core.simulation.traders import Trader as Trader
    from skim_core.simulation.world import plan_of as plan_of
    from skim_core.simulation.world import simulate as simulate

_HOMES = {
    "Disk": "simulation.disk",
    "DiskJournal": "simulation.journal",
    "Fault": "simulation.faults",
    "FaultKind": "simulation.fault_shapes",
    "FaultPlan": "simulation.faults",
    "Invariant": "simulation.outcome",
    "Killed": "simulation.process",
    "LoopClock": "simulation.clock",
    "NotSimulated": "simulation.agenda",
    "Occasion": "simulation.fault_shapes",
    "Outcome": "simulation.outcome",
    "Party": "simulation.fault_shapes",
    "Process": "simulation.process",
    "SimulationLoop": "simulation.loop",
    "SimulationStuck": "simulation.agenda",
    "Totals": "simulation.many",
    "Trader": "simulation.traders",
    "Unhandled": "simulation.loop",
    "Violation": "simulation.outcome",
    "current_process": "simulation.process",
    "plan_of": "simulation.world",
    "run_batch": "simulation.many",
    "run_seeds": "simulation.many",
    "shrink": "simulation.shrinking",
    "simulate": "simulation.world",
}

__all__ = list(_HOMES)

__getattr__ = lazy(__name__, _HOMES)
