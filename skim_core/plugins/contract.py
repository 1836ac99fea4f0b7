"""Checks one plugin's hook implementations against their specifications."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import pluggy

from skim_core.errors import nearest
from skim_core.plugins.discovery import PluginInfo
from skim_core.plugins.faults import guarded, nearest_hook, refuse
from skim_core.plugins.signatures import assignable, hints, is_async, result_fits, written
from skim_core.ports import hookspecs

SYNC_HOOKS = frozenset(
    {
        "skim_config_model",
        "skim_hookspecs",
        "skim_make_broker",
        "skim_make_engine",
        "skim_make_filters",
        "skim_make_observer",
        "skim_make_scanners",
        "skim_on_control",
        "skim_phase_graph",
    }
)
"""The hooks that are called while no event loop runs; all others may be async."""

Implementations: TypeAlias = Mapping[str, pluggy.HookImpl]
"""A plugin's implementations by the name of their hook."""


def check(plugin: PluginInfo, target: object) -> tuple[pluggy.PluginManager, Implementations]:
    """Return a pluggy manager that holds this one plugin, and its hooks, all checked.

    Each plugin has a manager of its own: a phase hook is called for one plugin at a time, and
    a strategy's own specifications stay its own, so two strategies may use one hook name.
    Raises PluginError for the first fault found.
    """
    _refuse_unmarked(plugin, target)
    implementations = dict(_implementations(plugin, target))
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    if "skim_hookspecs" in implementations:
        declared = implementations["skim_hookspecs"]
        _check_implementation(plugin, manager.hook.skim_hookspecs, declared)
        _add_own_specifications(plugin, manager, declared.function)
    for hook, implementation in list(implementations.items()):
        caller: pluggy.HookCaller | None = getattr(manager.hook, hook, None)
        if caller is not None:
            _check_implementation(plugin, caller, implementation)
        elif implementation.optionalhook:
            del implementations[hook]
        else:
            known = _known_hooks(manager)
            fault = (
                f"{_place(implementation.function)} implements the hook {hook!r}, which doesn't "
                f"exist{nearest_hook(hook, known)}: the hooks are {', '.join(known)}. "
                "Correct the name, or specify it in skim_hookspecs."
            )
            raise refuse(plugin, fault)
    manager.register(target, plugin.name)
    return manager, implementations


def arguments(caller: pluggy.HookCaller) -> tuple[str, ...]:
    """Return the names of the arguments that a specified hook is called with."""
    return tuple(caller.spec.argnames) if caller.spec else ()


def _known_hooks(manager: pluggy.PluginManager) -> list[str]:
    return [name for name in vars(manager.hook) if name.startswith("skim_")]


def _refuse_unmarked(plugin: PluginInfo, target: object) -> None:
    """Refuse a function with a hook's name that pluggy would pass over in silence."""
    for name in dir(target):
        function = inspect.getattr_static(target, name)
        if isinstance(function, (staticmethod, classmethod)):
            function = function.__func__
        if not name.startswith("skim_") or not inspect.isfunction(function):
            continue
        if any(hasattr(function, f"{hookspecs.PROJECT}_{mark}") for mark in ("impl", "spec")):
            continue
        core = hasattr(hookspecs, name)
        mark = f"@hooks.{name.removeprefix('skim_')}" if core else "@hookimpl"
        fault = (
            f"{_place(function)} is named like a hook but is not marked as one, so it would "
            f"never be called: mark it with {mark}, or rename it."
        )
        raise refuse(plugin, fault)


def _implementations(plugin: PluginInfo, target: object) -> Iterator[tuple[str, pluggy.HookImpl]]:
    # A manager without specifications takes everything, so that faults are told in our words.
    bare = pluggy.PluginManager(hookspecs.PROJECT)
    bare.register(target, plugin.name)
    for caller in bare.get_hookcallers(target) or ():
        found = caller.get_hookimpls()
        if len(found) > 1:
            places = " and ".join(_place(implementation.function) for implementation in found)
            fault = f"{places} both implement {caller.name}: keep one of them."
            raise refuse(plugin, fault)
        yield caller.name, found[0]


def _add_own_specifications(
    plugin: PluginInfo, manager: pluggy.PluginManager, declared: Callable[..., Any]
) -> None:
    with guarded(plugin, "skim_hookspecs"):
        namespaces = declared()
    if not isinstance(namespaces, Iterable) or isinstance(namespaces, (str, type)):
        fault = (
            f"skim_hookspecs returned {namespaces!r}: return a list of the modules or classes "
            "that hold the specifications."
        )
        raise refuse(plugin, fault)
    for namespace in namespaces:
        known = _known_hooks(manager)
        names = [name for name in dir(namespace) if manager.parse_hookspec_opts(namespace, name)]
        if not names:
            fault = (
                f"skim_hookspecs returned {namespace!r}, which specifies no hook: "
                "mark its functions with @skim_core.hookspec."
            )
            raise refuse(plugin, fault)
        for name in names:
            if name in known:
                fault = f"its own hook {name!r} has the name of another hook: give it a new one."
                raise refuse(plugin, fault)
        manager.add_hookspecs(namespace)


def _check_implementation(
    plugin: PluginInfo, caller: pluggy.HookCaller, implementation: pluggy.HookImpl
) -> None:
    function = implementation.function
    fault = (
        _argument_fault(implementation, arguments(caller))
        or _kind_fault(caller.name, implementation)
        or (_annotation_fault(caller, function) if caller.spec else "")
    )
    if fault:
        raise refuse(plugin, f"{_place(function)}, the hook {caller.name}, {fault}")


def _argument_fault(implementation: pluggy.HookImpl, known: tuple[str, ...]) -> str:
    takes = f"the hook's arguments are: {', '.join(known)}" if known else "the hook takes none"
    parameters = inspect.signature(implementation.function).parameters.values()
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        has_default = parameter.default is not parameter.empty
        if parameter.name in known and has_default:
            # pluggy passes such an argument in some versions and not in others.
            return f"gives {parameter.name!r} a default: remove it, the argument is always passed."
        if parameter.kind is parameter.KEYWORD_ONLY and not has_default:
            return f"takes {parameter.name!r} by keyword only: remove the '*' before it."
        if parameter.name not in known and not has_default:
            hint = nearest(parameter.name, known)
            return f"takes an argument {parameter.name!r}, which it isn't given{hint}: {takes}."
    return ""


def _kind_fault(hook: str, implementation: pluggy.HookImpl) -> str:
    function = implementation.function
    if implementation.wrapper or implementation.hookwrapper:
        return "is a wrapper, and there is nothing to wrap: remove 'wrapper' and return the result."
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return "is a generator: return the whole result instead of yielding it."
    if hook in SYNC_HOOKS and is_async(function):
        return "is async, but no event loop runs when it is called: make it a plain 'def'."
    return ""


def _annotation_fault(caller: pluggy.HookCaller, function: Callable[..., Any]) -> str:
    assert caller.spec is not None
    specification: Callable[..., Any] = caller.spec.function
    expected, found = hints(specification), hints(function)
    for name in arguments(caller):
        if name in found and name in expected and not assignable(expected[name], found[name]):
            return (
                f"takes {name!r} as {written(function, name)}, but is given "
                f"{written(specification, name)}: correct the annotation."
            )
    if "return" not in found or "return" not in expected:
        return ""
    # What an ``async def`` is annotated with is what awaiting it gives.
    may_await = caller.name not in SYNC_HOOKS and not inspect.iscoroutinefunction(function)
    if result_fits(found["return"], expected["return"], may_await=may_await):
        return ""
    return (
        f"returns {written(function, 'return')}, but must return "
        f"{written(specification, 'return')}: correct it."
    )


def _place(function: Callable[..., Any]) -> str:
    code = inspect.unwrap(function).__code__
    return f"{function.__name__} ({code.co_filename}:{code.co_firstlineno})"
