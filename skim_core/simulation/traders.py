"""What trades on a simulated day: the built-in strategy, or an author's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel

from skim_core.model.graph import PhaseGraph
from skim_core.ports.engine import Strategy
from skim_core.simulation.fault_shapes import FaultKind
from skim_core.simulation.faults import FaultPlan
from skim_core.simulation.strategy import GRAPH, NoConfig, PhaseFault, SimulatedStrategy

_PLUGIN_FAULTS = {
    FaultKind.PLUGIN_RAISES: "raise",
    FaultKind.PLUGIN_HANGS: "hang",
    FaultKind.PLUGIN_NONSENSE: "nonsense",
}


@dataclass(frozen=True)
class Trader:
    """A strategy with the graph and the validated configuration that it trades by.

    `make` is called in each process that runs the strategy's day. Its hooks must be
    ``async def``: threads are not simulated.
    """

    name: str
    graph: PhaseGraph
    config: BaseModel
    make: Callable[[], Strategy]


def built_in(
    plan: FaultPlan, names: Sequence[str], symbols: Sequence[str], wrong: Callable[[str], None]
) -> tuple[Trader, ...]:
    """Return traders of the built-in strategy; the plan's plugin faults hit the first one.

    `wrong` is told when the desk answers with another decision's order.
    """
    faults = tuple(
        PhaseFault(fault.target, fault.nth, _PLUGIN_FAULTS[fault.kind])
        for fault in plan.of(*_PLUGIN_FAULTS)
    )
    return tuple(
        Trader(
            name,
            GRAPH,
            NoConfig(),
            partial(SimulatedStrategy, name, plan.seed, symbols, () if number else faults, wrong),
        )
        for number, name in enumerate(names)
    )
