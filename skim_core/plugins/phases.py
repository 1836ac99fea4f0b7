"""A strategy's phase graph as the configuration makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from skim_core.errors import GraphError, PluginError
from skim_core.model.graph import PhaseGraph
from skim_core.model.session import Session
from skim_core.plugins.strategies import PHASES_KEY, StrategyPlugin

Policies = Mapping[str, Mapping[str, Any]]
"""The tables ``[strategy.<name>.phases.<phase>]`` of a strategy, by phase."""

Where = Callable[..., str]
"""Says where a key of the configuration stands: the file and its line, or a variable."""


def configured_graph(
    strategy: StrategyPlugin, policies: Policies, where: Where, sessions: Iterable[Session] = ()
) -> PhaseGraph:
    """Return the strategy's graph with the configuration's changes, every phase with its hook.

    Raises GraphError for a change that is unsound, or that leaves a phase no window in one of
    the `sessions`; it names the place (from `where`), the table, what was found and the mend.
    """
    try:
        graph = strategy.graph.override(policies)
        for session in sessions:
            graph.check_windows(session)
        for phase in graph:
            _check_hook(strategy, graph, phase.name)
    except GraphError as error:
        if not policies:
            raise
        path = ["strategy", strategy.name, PHASES_KEY]
        if error.phase is not None and error.phase in policies:
            path.append(error.phase)
        msg = f"{where(*path)}: [{'.'.join(path)}] {error}"
        raise GraphError(msg, phase=error.phase) from error
    return graph


def _check_hook(strategy: StrategyPlugin, graph: PhaseGraph, name: str) -> None:
    try:
        strategy.check_hook(graph[name])
    except PluginError as error:
        # The declared graph has all its hooks: one that is missing was asked for.
        raise GraphError(str(error), phase=name) from error
