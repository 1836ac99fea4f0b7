"""Records as tables: a frozen dataclass, whose fields in their order are its layout.

The same table is walked to read a record and to write it. What the annotations can't say,
they carry as marks: ``Annotated[str, Since(176)]``. Where the fields of several records are
mixed (orders), the layout is given as a table of slots.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from skim_gateway.wire.errors import MalformedError
from skim_gateway.wire.kinds import (
    FLAG,
    INTEGER,
    NUMBER,
    OPTIONAL_INTEGER,
    OPTIONAL_NUMBER,
    TEXT,
    Scalar,
)
from skim_gateway.wire.slots import Before, Counted, Kind, Layout, Since, Slot, Source, When, one

_M = TypeVar("_M", bound=type)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def record(cls: _M) -> _M:
    """Make a frozen dataclass that only takes keywords."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    return made  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Record:
    """A record inside a message, by its own layout or by that of the fields named."""

    of: type
    fields: tuple[str, ...] = ()

    def read(self, source: Source) -> Any:
        """Take the record's fields. Raises MalformedError."""
        return read(self.of, self._layout(), source)

    def write(self, value: Any, out: list[str], version: int) -> None:
        """Add the record's fields."""
        write(value, self._layout(), out, version)

    def _layout(self) -> Layout:
        return layout_of(self.of, self.fields)


@cache
def kinds_of(cls: type) -> Mapping[str, tuple[Kind, tuple[Any, ...]]]:
    """Return the kind of each field of a record, and its marks."""
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: _kind(hints[field.name]) for field in dataclasses.fields(cls)}


@cache
def layout_of(cls: type, fields: tuple[str, ...] = ()) -> Layout:
    """Return a record's layout: its fields in their order, or those named."""
    kinds = kinds_of(cls)
    return Layout(_slot(name, *kinds[name]) for name in fields or kinds)


def part(cls: type, owner: str, fields: str, when: When | None = None) -> tuple[Slot, ...]:
    """Return slots for `fields` (words) of the record `cls` that is a message's `owner`."""
    return tuple(
        dataclasses.replace(slot, path=f"{owner}.{slot.path}", when=when or slot.when)
        for slot in layout_of(cls, tuple(fields.split())).slots
    )


def _slot(name: str, kind: Kind, marks: Iterable[Any]) -> Slot:
    slot = Slot(name, kind)
    for mark in marks:
        if isinstance(mark, Since):
            slot = dataclasses.replace(slot, since=mark.version)
        elif isinstance(mark, Before):
            slot = dataclasses.replace(slot, before=mark.version)
        elif isinstance(mark, When):
            slot = dataclasses.replace(slot, when=mark)
    return slot


_SCALARS: Mapping[Any, Scalar] = {
    str: TEXT,
    int: INTEGER,
    bool: FLAG,
    Decimal: NUMBER,
    (int, NoneType): OPTIONAL_INTEGER,
    (Decimal, NoneType): OPTIONAL_NUMBER,
}


def _kind(hint: Any) -> tuple[Kind, tuple[Any, ...]]:
    marks: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *found = get_args(hint)
        marks = tuple(found)
        for mark in marks:
            if isinstance(mark, Scalar):
                return one(mark), marks
            if isinstance(mark, Counted | Record) or _is_kind(mark):
                return mark, marks
    if get_origin(hint) is tuple:
        return Counted(_kind(get_args(hint)[0])[0]), marks
    if isinstance(hint, UnionType):
        hint = get_args(hint)
    if hint in _SCALARS:
        return one(_SCALARS[hint]), marks
    return Record(hint[0] if isinstance(hint, tuple) else hint), marks


def _is_kind(mark: Any) -> bool:
    return hasattr(mark, "read") and hasattr(mark, "write")


def read(cls: type, layout: Layout, source: Source) -> Any:
    """Take a record's fields and return it. Raises MalformedError naming the field."""
    values: dict[str, Any] = {}
    for slot in layout.at(source.version):
        if slot.when is None or slot.when.test(values.get(slot.when.path)):
            try:
                value = slot.kind.read(source)
            except MalformedError as error:
                msg = f"{slot.path.replace('.', ' ') or 'version'}: {error}"
                raise MalformedError(msg) from None
            if slot.path:
                values[slot.path] = value
    return _assembled(cls, values)


def _assembled(cls: type, values: Mapping[str, Any]) -> Any:
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        owner, dot, name = path.partition(".")
        if dot:
            parts.setdefault(owner, {})[name] = value
        else:
            own[owner] = value
    for owner, fields in parts.items():
        own[owner] = _record_types(cls)[owner](**fields)
    return cls(**own)


@cache
def _record_types(cls: type) -> Mapping[str, Any]:
    """Return the type of each field of a message, without the None that it may be instead."""
    hints = get_type_hints(cls)
    return {
        name: get_args(hint)[0] if isinstance(hint, UnionType) else hint
        for name, hint in hints.items()
    }


def write(value: Any, layout: Layout, out: list[str], version: int) -> None:
    """Add a record's fields."""
    for get, add, get_condition, test in layout.steps(version):
        if test is None or test(get_condition(value)):
            add(get(value), out, version)
