"""Imports one plugin, the one that is asked for, and checks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any, TypeAlias

import pluggy

from skim_core.errors import PluginError, nearest
from skim_core.model.events import Event
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.contract import Implementations, check
from skim_core.plugins.deprecated import deprecated_uses
from skim_core.plugins.discovery import Group, PluginInfo, find, log
from skim_core.plugins.faults import Kind, guarded, nearest_hook, refuse
from skim_core.plugins.signatures import is_async
from skim_core.plugins.sources import reinstall_command
from skim_core.plugins.versions import check_imported, check_stated

Listener: TypeAlias = Callable[[Event, TradingDay], Awaitable[None] | None]
"""What `Bus.listen` takes: a plain function, or an ``async def``."""


@dataclass(frozen=True, eq=False)
class Plugin:
    """One loaded plugin whose hooks fit their specifications.

    `target` is the module or object behind its entry point.
    """

    info: PluginInfo
    target: object
    manager: pluggy.PluginManager = field(repr=False)
    implementations: Implementations = field(repr=False)

    @property
    def name(self) -> str:
        """The entry point's name."""
        return self.info.name

    def implements(self, hook: str) -> bool:
        """Whether the plugin has an implementation of `hook`."""
        return hook in self.implementations

    def is_async(self, hook: str) -> bool:
        """Whether calling `hook` gives something to await."""
        return self.implements(hook) and is_async(self.implementations[hook].function)

    def call(self, hook: str, **arguments: object) -> Any:
        """Call this plugin's implementation with those of the hook's arguments that it takes.

        Returns its result, or for an async one what is to be awaited. What it raises passes
        unchanged. Raises PluginError when it doesn't implement the hook.
        """
        if not self.implements(hook):
            hint = nearest_hook(hook, self.implementations)
            raise refuse(self.info, f"it has no implementation of {hook}{hint}: add one.")
        caller: pluggy.HookCaller = getattr(self.manager.hook, hook)
        result = caller(**arguments)
        if caller.spec is not None and caller.spec.opts["firstresult"]:
            return result
        return result[0] if result else None  # pluggy's list, of one implementation's result

    @property
    def wants_events(self) -> bool:
        """Whether the plugin listens to events."""
        return self.implements("skim_on_event")

    @property
    def listener(self) -> Listener:
        """Its `skim_on_event` for `Bus.listen`, a coroutine function when that is async."""

        def hear(event: Event, day: TradingDay) -> None:
            self.call("skim_on_event", event=event, day=day)

        async def hear_async(event: Event, day: TradingDay) -> None:
            await self.call("skim_on_event", event=event, day=day)

        return hear_async if self.is_async("skim_on_event") else hear


def load(group: Group, name: str) -> Plugin:
    """Import the plugin of this name, no other, and check its hooks.

    The entry point is a module, an object, or a class that is made without arguments.
    Raises PluginError: not installed, two of that name, written for a version of the contract
    that this skim hasn't, its import raised, or the first of its hooks that breaks the contract.
    What it uses that is deprecated is told in the log.
    """
    info = find(group, name)
    for told in deprecated_uses(info):
        log.warning("%s", told)
    return plugin_of(info, target_of(info))


def plugin_of(info: PluginInfo, target: object) -> Plugin:
    """Check the hooks of what a plugin's entry point names; raises PluginError as `load` does."""
    manager, implementations = check(info, target)
    if not implementations:
        marks = "mark functions with the decorators of skim_core.hooks"
        fault = (
            f"{info.value!r} implements no hook: {marks}, in a module or a class, and name that "
            "in the entry point."
        )
        if info.in_one_file:
            fault = f"it implements no hook: {marks}."
        raise refuse(info, fault)
    return Plugin(info, target, manager, implementations)


def require(plugin: Plugin, hook: str) -> None:
    """Raise PluginError unless the plugin implements a hook that its group needs."""
    if not plugin.implements(hook):
        fault = (
            f"it doesn't implement {hook}, which every {plugin.info.group.noun} must: "
            f"mark a function with @hooks.{hook.removeprefix('skim_')}."
        )
        raise refuse(plugin.info, fault)


def target_of(info: PluginInfo) -> object:
    """Import a plugin's module and return what its entry point names, unchecked.

    A class is made without arguments. Raises PluginError when that raises, or nothing is there,
    and for a version of the contract that this skim hasn't.
    """
    check_stated(info)
    module_name, attributes = _reference(info)
    module = _imported(info, module_name)
    try:
        named: object = reduce(getattr, attributes, module)
    except AttributeError as error:
        path = ".".join(attributes)
        hint = nearest(path, vars(module))
        fault = (
            f"its entry point names {path!r}, which module {module_name!r} doesn't have{hint}: "
            f"correct the entry point and run '{reinstall_command(info.distribution)}'."
        )
        raise refuse(info, fault, Kind.MISSING_ATTRIBUTE) from error
    check_imported(info, named, module)
    if isinstance(named, type):
        with guarded(info, f"making a {named.__name__}() without arguments"):
            return named()
    return named


def _reference(info: PluginInfo) -> tuple[str, list[str]]:
    try:
        entry = EntryPoint(name=info.name, group=info.group, value=info.value)
        return entry.module, list(filter(None, (entry.attr or "").split(".")))
    except (AssertionError, AttributeError, ValueError) as error:  # by version of Python
        fault = (
            f"its entry point is {info.value!r}: write 'package.module' or "
            f"'package.module:object' and run '{reinstall_command(info.distribution)}'."
        )
        raise refuse(info, fault, Kind.BAD_ENTRY_POINT) from error


def _imported(info: PluginInfo, name: str) -> ModuleType:
    try:
        with guarded(info, "importing it"):
            return import_module(name)
    except PluginError as error:
        cause = error.__cause__
        if not isinstance(cause, ModuleNotFoundError) or cause.name is None:
            raise
        if name == cause.name or name.startswith(f"{cause.name}."):
            kind = Kind.MISSING_MODULE
            fault = (
                f"its entry point names the module {name!r}, but there is no {cause.name!r}: correct "
                "what is misspelt, the entry point in pyproject.toml or the module, and run "
                f"'{reinstall_command(info.distribution)}'."
            )
        else:
            kind = Kind.MISSING_DEPENDENCY
            fault = (
                f"it imports {cause.name!r}, which is not installed: run "
                f"'pip install {cause.name.partition('.')[0]}' (or what brings it), and have "
                f"{info.distribution} declare it in its dependencies."
            )
        raise refuse(info, fault, kind) from cause
