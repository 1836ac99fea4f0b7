"""What a hook implementation's annotations say, and whether that fits its specification.

Types are compared as far as run time allows. What only a type checker understands is
accepted: a plugin is refused for what is surely wrong, never for what can't be read.
"""

from __future__ import annotations

import collections.abc
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from types import FunctionType, NoneType, SimpleNamespace, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Never,
    NewType,
    NoReturn,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from skim_core.model.events import EVENTS
from skim_core.ports import hookspecs

# Authors import types under TYPE_CHECKING; those of the contract are known all the same.
_CONTRACT_NAMES: dict[str, Any] = {
    **{name: getattr(collections.abc, name) for name in collections.abc.__all__},
    **vars(hookspecs),
    **{event.__name__: event for event in EVENTS},
}
_BUILT_IN = {"builtins", "collections", "collections.abc"}


@cache  # asked again for every attempt of a phase
def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations that can be read at run time, evaluated, by parameter or 'return'."""
    scope = {**_CONTRACT_NAMES, **getattr(inspect.unwrap(function), "__globals__", {})}
    found = {}
    for name, annotation in _annotations(function).items():
        holder = SimpleNamespace(__annotations__={name: annotation})
        try:
            found.update(get_type_hints(holder, globalns=scope))
        except Exception:  # noqa: BLE001, S112  a plugin's expression; its type checker judges it
            continue
    return found


def written(function: Callable[..., Any], name: str) -> str:
    """Return an annotation as its author wrote it, for a message."""
    annotation = _annotations(function)[name]
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


@cache
def is_async(function: Callable[..., Any]) -> bool:
    """Whether a call gives something to await: ``async def``, or a return type that says so."""
    if inspect.iscoroutinefunction(function):
        return True
    returned = hints(function).get("return")
    origin = get_origin(returned) or returned
    return isinstance(origin, type) and issubclass(origin, Awaitable)


def assignable(source: Any, target: Any) -> bool:
    """Whether a value of type `source` may stand where `target` is expected.

    >>> assignable(list[int], collections.abc.Sequence[float])
    True
    >>> assignable(str | None, str)
    False
    """
    source, target = _plain(source), _plain(target)
    if source is target or target is object or Any in (source, target):
        return True
    if source in (Never, NoReturn):
        return True
    if _is_union(source):
        return all(assignable(member, target) for member in get_args(source))
    if _is_union(target):
        return any(assignable(source, member) for member in get_args(target))
    if get_origin(source) is Literal:
        return _literal_fits(source, target)
    if get_origin(target) is Literal:
        return False
    return _class_fits(source, target)


def result_fits(found: Any, expected: Any, *, may_await: bool) -> bool:
    """Whether a function's return type is the expected one, or (if it may) an awaitable of it."""
    members = get_args(found) if _is_union(found) else (found,)
    return all(
        assignable(member, expected) or (may_await and assignable(_awaited(member), expected))
        for member in members
    )


def _awaited(annotation: Any) -> Any:
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, Awaitable):
        return get_args(annotation)[-1] if get_args(annotation) else Any
    return annotation


def _annotations(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return dict(function.__annotations__)
    except (AttributeError, NameError):  # evaluated only now, from Python 3.14 on
        return {}


def _plain(annotation: Any) -> Any:
    if annotation is None:
        return NoneType
    if isinstance(annotation, TypeVar):
        return Any
    if isinstance(annotation, NewType):
        return _plain(annotation.__supertype__)
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if type(annotation).__name__ == "TypeAliasType":  # of Python 3.12's type statement
        return _plain(annotation.__value__)
    return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _literal_fits(source: Any, target: Any) -> bool:
    if get_origin(target) is Literal:
        return set(get_args(source)) <= set(get_args(target))
    return all(assignable(type(value), target) for value in get_args(source))


def _class_fits(source: Any, target: Any) -> bool:
    given, wanted = get_origin(source) or source, get_origin(target) or target
    if not isinstance(given, type) or not isinstance(wanted, type):
        return True
    if Protocol in wanted.__bases__:
        return given is wanted or not missing_methods(given, wanted)
    if not issubclass(given, wanted):
        return given is int and wanted is float
    return _arguments_fit(source, target)


def missing_methods(given: object, protocol: type) -> list[str]:
    """Return the protocol's methods that a class (or an object) doesn't have."""
    return [
        name
        for name, member in vars(protocol).items()
        if isinstance(member, FunctionType)
        and not name.startswith("_")
        and not callable(getattr(given, name, None))
    ]


def _arguments_fit(source: Any, target: Any) -> bool:
    given, wanted = get_origin(source) or source, get_origin(target) or target
    expected = get_args(target)
    if not expected:
        return True
    if given is wanted and given is not tuple and len(get_args(source)) == len(expected):
        return all(map(assignable, get_args(source), expected))
    # A class of someone's own may use its type arguments for anything.
    if issubclass(wanted, Iterable) and len(expected) == 1 and given.__module__ in _BUILT_IN:
        return all(assignable(element, expected[0]) for element in _elements(source))
    return True


def _elements(source: Any) -> tuple[Any, ...]:
    """Return the types that iterating over `source` yields; none when it doesn't say."""
    origin, arguments = get_origin(source) or source, get_args(source)
    if issubclass(origin, str):
        return (str,)
    if issubclass(origin, bytes):
        return (int,)
    if issubclass(origin, Mapping):
        return arguments[:1]
    return tuple(argument for argument in arguments if argument is not Ellipsis)
