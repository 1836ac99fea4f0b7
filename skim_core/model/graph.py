"""The phases of one strategy and what depends on what: a validated DAG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import BaseModel

from skim_core.errors import GraphError, nearest
from skim_core.model.base import Model
from skim_core.model.overrides import left_out, overridden, without
from skim_core.model.phases import Phase
from skim_core.model.session import Session


class PhaseGraph(Model):
    """A strategy's day as a graph of phases, checked when it is made.

    >>> graph = PhaseGraph(Phase("scan"), Phase("trade", after="scan"))
    >>> [phase.name for phase in graph]
    ['scan', 'trade']

    Raises GraphError for no phases, two of one name, a dependency that doesn't
    exist and a cycle (which it shows).
    """

    phases: tuple[Phase, ...]

    def __init__(self, *declared: Phase, phases: tuple[Phase, ...] = ()) -> None:
        BaseModel.__init__(self, phases=declared or phases)

    def model_post_init(self, _context: object) -> None:
        """Refuse a graph that can't be run."""
        if not self.phases:
            msg = "a phase graph needs at least one phase: PhaseGraph(Phase('scan'))."
            raise GraphError(msg)
        names = [phase.name for phase in self.phases]
        for name in names:
            if names.count(name) > 1:
                msg = (
                    f"phase {name!r} is declared {names.count(name)} times: give each its own name."
                )
                raise GraphError(msg)
        for phase in self.phases:
            for dependency in phase.after:
                if dependency not in names:
                    msg = (
                        f"phase {phase.name!r} comes after {dependency!r}, which is not declared"
                        f"{nearest(dependency, names)}: the phases are {', '.join(names)}."
                    )
                    raise GraphError(msg, phase=phase.name)
        self._refuse_cycles()

    def _refuse_cycles(self) -> None:
        try:
            TopologicalSorter({phase.name: phase.after for phase in self.phases}).prepare()
        except CycleError as error:
            cycle = " -> ".join(error.args[1])
            msg = f"the phases wait for one another: {cycle}. Remove one 'after' of this cycle."
            raise GraphError(msg) from error

    def __iter__(self) -> Iterator[Phase]:  # type: ignore[override]  # fields are of no use here
        return iter(self.phases)

    def __getitem__(self, name: str) -> Phase:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __len__(self) -> int:
        return len(self.phases)

    @cached_property
    def _by_name(self) -> dict[str, Phase]:
        return {phase.name: phase for phase in self.phases}

    def downstream(self, name: str) -> frozenset[str]:
        """Return the names of all phases that depend on `name`, directly or not."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            new = {phase.name for phase in self.phases if current in phase.after} - found
            found |= new
            waiting.extend(new)
        return frozenset(found)

    def override(self, policies: Mapping[str, Mapping[str, Any]]) -> PhaseGraph:
        """Return this graph with policy fields replaced, validated like a declared one.

        `policies` maps a phase's name to fields of `Phase`, as a config file writes
        them: ``{"scan": {"at": "open+2m", "retry": {"attempts": 5}}}``. A nested
        policy (`retry`) is replaced field by field; "none" takes a time away. A phase that
        is not declared is added, with its `hook`; ``{"alert": {"enabled": False}}`` leaves
        one out, and what came after it comes after what that came after.
        """
        whole = PhaseGraph(*overridden(self.phases, policies))
        return PhaseGraph(*without(whole.phases, left_out(policies)))

    def check_windows(self, session: Session) -> None:
        """Raise GraphError when a phase's window never opens in a full `session`.

        A half day may close a window; the phase is then skipped with that reason.
        """
        if session.half_day:
            return
        for phase in self.phases:
            start, end = phase.window(session)
            if start and end and start >= end:
                msg = (
                    f"phase {phase.name!r}: its window never opens, it would run from "
                    f"{session.local(start):%H:%M} to {session.local(end):%H:%M} in a session of "
                    f"{session.minutes} minutes: put the end after the start."
                )
                raise GraphError(msg, phase=phase.name)
