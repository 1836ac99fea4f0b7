"""Strategies: a plugin with its phase graph and the model of its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pluggy
from pydantic import BaseModel

from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase
from skim_core.plugins.config_model import config_model, shown
from skim_core.plugins.contract import arguments
from skim_core.plugins.discovery import Group, PluginInfo
from skim_core.plugins.faults import guarded, nearest_hook, refuse
from skim_core.plugins.loading import Listener, Plugin, load, require
from skim_core.plugins.signatures import hints
from skim_core.ports import hookspecs
from skim_core.ports.context import Context

PHASES_KEY = "phases"
"""The key in a strategy's section that holds the policy overrides of its phases."""

RESERVED = {
    PHASES_KEY: "overrides the phases' policies",
    "limits": "limits the strategy's orders",
    "enabled": "says whether the strategy's days are begun",
    "priority": "says which strategy may enter first",
}
"""The keys of a strategy's section that are skim's, and what they are for."""


@dataclass(frozen=True, eq=False)
class StrategyPlugin:
    """A loaded strategy, ready to be run: every phase of `graph` has its hook."""

    plugin: Plugin
    graph: PhaseGraph
    config_model: type[BaseModel]

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self.plugin.name

    @property
    def info(self) -> PluginInfo:
        """Which distribution it comes from, and its version."""
        return self.plugin.info

    @property
    def wants_events(self) -> bool:
        """Whether the strategy listens to events."""
        return self.plugin.wants_events

    @property
    def listener(self) -> Listener:
        """Its `skim_on_event` for `Bus.listen`."""
        return self.plugin.listener

    def is_async(self, hook: str) -> bool:
        """Whether calling `hook` gives something to await."""
        return self.plugin.is_async(hook)

    def call(self, hook: str, ctx: Context[Any]) -> Any:
        """Call a phase's hook; return its result, or what is to be awaited for it.

        What the hook raises passes unchanged.
        """
        return self.plugin.call(hook, ctx=ctx)

    def returns(self, hook: str) -> Any:
        """Return the return annotation of the hook's specification; Any when it has none."""
        caller: pluggy.HookCaller | None = getattr(self.plugin.manager.hook, hook, None)
        if caller is None or caller.spec is None:
            return Any
        return hints(caller.spec.function).get("return", Any)

    def check_hooks(self, graph: PhaseGraph) -> None:
        """Raise PluginError for a phase of `graph` without a hook that can be called.

        To be asked again for a graph whose policies were overridden.
        """
        for phase in graph:
            self.check_hook(phase)

    def check_used(self) -> None:
        """Raise PluginError for a phase's hook that no phase of the declared graph names."""
        used = {phase.hook for phase in self.graph}
        for hook in self.plugin.implementations:
            if self._is_phase_hook(hook) and hook not in used:
                name = hook.removeprefix("skim_")
                phases = ", ".join(phase.name for phase in self.graph)
                fault = (
                    f"it implements {hook}, but no phase of its graph has that hook, so it would "
                    f"never be called: add Phase({name!r}) to the graph, or remove it. The "
                    f"phases are {phases}."
                )
                raise refuse(self.info, fault)

    def check_hook(self, phase: Phase) -> None:
        """Raise PluginError when the phase's hook can't be called."""
        caller: pluggy.HookCaller | None = getattr(self.plugin.manager.hook, phase.hook, None)
        implemented = [hook for hook in self.plugin.implementations if self._is_phase_hook(hook)]
        known = f" It implements {', '.join(implemented)}." if implemented else ""
        if caller is None or not caller.has_spec():
            mend = (
                f"correct the phase's 'hook'{nearest_hook(phase.hook, implemented)}, "
                "or specify it in skim_hookspecs."
            )
            fault = f"phase {phase.name!r} needs the hook {phase.hook}, which doesn't exist: {mend}"
        elif not self._is_phase_hook(phase.hook):
            taken = ", ".join(arguments(caller)) or "nothing"
            fault = (
                f"phase {phase.name!r} can't use the hook {phase.hook}: a phase's hook takes "
                f"ctx alone, this one takes {taken}."
            )
        elif not self.plugin.implements(phase.hook):
            mark = f"hooks.{phase.hook.removeprefix('skim_')}"
            fault = (
                f"phase {phase.name!r} needs the hook {phase.hook}, which it doesn't implement"
                f"{nearest_hook(phase.hook, implemented)}: add a function marked with "
                f"@{mark if hasattr(hookspecs, phase.hook) else 'hookimpl'}."
            )
        else:
            return
        raise refuse(self.info, fault + known)

    def _is_phase_hook(self, hook: str) -> bool:
        caller: pluggy.HookCaller | None = getattr(self.plugin.manager.hook, hook, None)
        return caller is not None and arguments(caller) == ("ctx",)


def load_strategy(name: str) -> StrategyPlugin:
    """Load a strategy, its phase graph and its configuration's model.

    Raises PluginError as `load` does, and for a graph or a model that is none, or a phase
    whose hook is missing.
    """
    return strategy_of(load(Group.STRATEGIES, name))


def strategy_of(plugin: Plugin) -> StrategyPlugin:
    """Return the strategy that a loaded plugin is; raises PluginError as `load_strategy` does."""
    require(plugin, "skim_phase_graph")
    strategy = StrategyPlugin(plugin, _phase_graph(plugin), _config_model(plugin))
    strategy.check_hooks(strategy.graph)
    strategy.check_used()
    return strategy


def _phase_graph(plugin: Plugin) -> PhaseGraph:
    with guarded(plugin.info, "skim_phase_graph"):
        graph = plugin.call("skim_phase_graph")
    if not isinstance(graph, PhaseGraph):
        fault = (
            f"skim_phase_graph returned {shown(graph)}: return a PhaseGraph, "
            "as in PhaseGraph(Phase('scan'))."
        )
        raise refuse(plugin.info, fault)
    return graph


def _config_model(plugin: Plugin) -> type[BaseModel]:
    model = config_model(plugin)
    for key, meaning in RESERVED.items():
        if key in model.model_fields:
            fault = (
                f"{model.__name__} has a field {key!r}, which is where a configuration "
                f"{meaning}: rename the field."
            )
            raise refuse(plugin.info, fault)
    return model
