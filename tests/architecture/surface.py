"""The public surface of skim, one fact a line, as it is recorded for each version of the contract.

``python tests/architecture/surface.py`` prints it; ``--record`` adds what is new to the record of
`API_VERSION`. What takes something away from plugins that are written for it is refused.
``--anew`` writes the record as it is now: for a version of the contract that no release has yet.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, ForwardRef, Protocol, get_args, get_origin

import pluggy
from pydantic import BaseModel

from skim_core.faces import PUBLIC
from skim_core.plugins.discovery import Group
from skim_core.ports import hookspecs
from skim_core.ports.hookspecs import API_VERSION, OLDEST_API_VERSION
from skim_core.testing import pytest_plugin

IMPLEMENTED = ("Broker", "CandidateFilter", "Feed", "Observer", "Scanner")
"""Protocols that packages implement: one more member is one that theirs haven't."""


def surface() -> list[str]:
    """Return every public name with its signature, its fields and its members; sorted."""
    lines = {f"group {group}" for group in Group} | {*_hooks()} | {*_fixtures()}
    homes: dict[int, str] = {}
    for face in PUBLIC:
        module = import_module(face)
        for name in sorted(module.__all__):
            whole, meant = f"{face}.{name}", getattr(module, name)
            first = homes.setdefault(id(meant), whole) if isinstance(meant, type) else whole
            lines |= {f"{whole} is {first}"} if first != whole else {*_facts(whole, meant)}
    return sorted(lines)


def record_of(version: int) -> Path:
    """Return the file that records the surface of a version of the contract."""
    return Path(__file__).with_name(f"contract-{version}.txt")


def recorded(version: int) -> list[str]:
    """Return the recorded surface of a version of the contract."""
    return record_of(version).read_text(encoding="utf-8").splitlines()


def taken_away(before: list[str], now: list[str]) -> list[str]:
    """Return what breaks a package that was written for the surface as it was before."""
    known = {line.partition(": ")[0] for line in before}
    gone = [f"- {line}" for line in before if line not in {*now}]
    needed = [f"+ {line}" for line in now if line not in {*before} and _is_needed(line, known)]
    return gone + needed


def _is_needed(line: str, known: set[str]) -> bool:
    """Whether a line that is new is something that packages have to give."""
    owner = line.partition(": ")[0].partition("(")[0].rpartition(".")[0]
    if owner not in known:
        return False
    field = " field " in line and " = " not in line
    return field or owner.rpartition(".")[2] in IMPLEMENTED


def _facts(whole: str, meant: object) -> Iterator[str]:
    if isinstance(meant, ModuleType):
        own = {each for each in vars(meant).items() if inspect.isfunction(each[1])}
        for name, function in sorted(own, key=str):
            if function.__module__ == meant.__name__ and not name.startswith("_"):
                yield f"{whole}.{name}{_signature(function)}"
    elif isinstance(meant, type):
        yield from _class(whole, meant)
    elif inspect.isfunction(meant):
        yield f"{whole}{_signature(meant)}"
    elif get_origin(meant) is Annotated:
        yield f"{whole}: annotated {get_args(meant)[0].__name__}"
    elif get_args(meant) and not isinstance(meant, tuple):
        yield from (f"{whole}: may be {_name(member)}" for member in get_args(meant))
    elif isinstance(meant, tuple):
        yield from (f"{whole}: has {_name(member)}" for member in meant)
    else:
        yield f"{whole}: {type(meant).__name__}"


def _class(whole: str, cls: type) -> Iterator[str]:
    bases = [base.__name__ for base in cls.__mro__[1:] if base is not object and _is_told(base)]
    yield f"{whole}: {' '.join(['class', *bases])}"
    if issubclass(cls, Enum):
        yield from (f"{whole}.{member.name}: value {member.value!r}" for member in cls)
    yield from (f"{whole}.{name}: field {type_}" for name, type_ in _fields(cls))
    if not _has_fields(cls) and "__init__" in vars(cls) and Protocol not in cls.__bases__:
        yield f"{whole}{_signature(cls.__init__)}"
    for name, member in sorted(_members(cls).items()):
        if isinstance(member, classmethod | staticmethod):
            yield f"{whole}.{name}{_signature(member.__func__)} as {type(member).__name__}"
        elif inspect.isfunction(member):
            yield f"{whole}.{name}{_signature(member)}"
        elif isinstance(member, property | cached_property):
            getter = member.fget if isinstance(member, property) else member.func
            yield f"{whole}.{name}: property {inspect.get_annotations(getter)['return']}"


def _members(cls: type) -> dict[str, object]:
    """Return what skim's own classes define, where not a field; of two the nearer one's."""
    own = {name for name, _ in _fields(cls)}
    found: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("skim_core"):
            found |= {
                name: member
                for name, member in vars(base).items()
                if name not in own and (name == "__call__" or not name.startswith(("_", "test_")))
            }
    return {
        name: member
        for name, member in found.items()
        if not (isinstance(member, Enum) or name in {"model_config", "model_post_init"})
    }


def _has_fields(cls: type) -> bool:
    return is_dataclass(cls) or issubclass(cls, BaseModel) or hasattr(cls, "_fields")


def _fields(cls: type) -> Iterator[tuple[str, str]]:
    """Yield a class's fields, as they are written, with their defaults."""
    written: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        written |= inspect.get_annotations(base) if base is not object else {}
    for name, default in _defaults(cls, written).items():
        if not name.startswith("_"):
            yield name, _defaulted(written[name], default)


def _defaults(cls: type, written: dict[str, object]) -> dict[str, object]:
    """Return what each field of a class is when nothing is given; MISSING when it has to be."""
    if issubclass(cls, BaseModel):
        return {
            name: MISSING if field.is_required() else field.default_factory or field.default
            for name, field in cls.model_fields.items()
        }
    if is_dataclass(cls):
        return {
            field.name: field.default if field.default_factory is MISSING else field.default_factory
            for field in fields(cls)
            if field.init
        }
    if hasattr(cls, "_fields"):
        return {name: cls._field_defaults.get(name, MISSING) for name in cls._fields}
    return dict.fromkeys(written, ...)


def _defaulted(written: object, default: object) -> str:
    if default is MISSING:
        return _name(written)
    return f"{_name(written)} = {_value(default)}"


def _signature(function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(
            default=parameter.empty if parameter.default is parameter.empty else _Shown(parameter)
        )
        for parameter in signature.parameters.values()
    ]
    text = str(signature.replace(parameters=parameters)).replace("'", "")
    return f" async {text}" if inspect.iscoroutinefunction(function) else text


class _Shown:
    """A default as it is shown, alike in each version of Python."""

    def __init__(self, parameter: inspect.Parameter) -> None:
        self._text = _value(parameter.default)

    def __repr__(self) -> str:
        return self._text


def _value(default: object) -> str:
    if isinstance(default, Enum):
        return (
            str(default) if str(default).startswith(type(default).__name__) else repr(str(default))
        )
    if default is None or isinstance(default, str | int | float | Decimal):
        return repr(default)
    if isinstance(default, tuple | list | dict | frozenset) and not default:
        return repr(default)
    return "..."


def _name(meant: object) -> str:
    if isinstance(meant, ForwardRef):
        return meant.__forward_arg__
    if isinstance(meant, str):
        return ast.unparse(_Plain().visit(ast.parse(meant)))
    return getattr(meant, "__name__", None) or str(meant)


class _Plain(ast.NodeTransformer):
    """Leaves out of an annotation what only words its errors."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if ast.unparse(node.value) == "Annotated" and isinstance(node.slice, ast.Tuple):
            told = ast.unparse(node.slice.elts[1])
            return node.slice.elts[0] if told.startswith("Written(") else node
        return node


def _is_told(base: type) -> bool:
    return base.__module__ == "builtins" or (
        base.__module__.startswith("skim_core") and not base.__name__.startswith("_")
    )


def _hooks() -> Iterator[str]:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for name, function in vars(hookspecs).items():
        if not name.startswith("skim_"):
            continue
        signature = inspect.signature(function)
        first = getattr(manager.hook, name).spec.opts["firstresult"]
        yield f"hook {name}: {'one' if first else 'each'} answers {signature.return_annotation}"
        for parameter in signature.parameters.values():
            yield f"hook {name}.{parameter.name}: takes {parameter.annotation}"


def _fixtures() -> Iterator[str]:
    tree = ast.parse(Path(pytest_plugin.__file__).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and "fixture" in ast.dump(node.decorator_list[0]):
            yield f"fixture {node.name}: {ast.unparse(node.returns)}"


def main(arguments: list[str]) -> str | None:
    """Print the surface, or record it; return what went wrong."""
    now = surface()
    if not arguments:
        sys.stdout.write("\n".join(now) + "\n")
        return None
    broken = [
        line
        for version in range(OLDEST_API_VERSION, API_VERSION + 1)
        if record_of(version).exists()
        for line in taken_away(recorded(version), now)
    ]
    if broken and arguments != ["--anew"]:
        return "\n".join(["not recorded, as packages would break:", *broken])
    record_of(API_VERSION).write_text("\n".join(now) + "\n", encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
