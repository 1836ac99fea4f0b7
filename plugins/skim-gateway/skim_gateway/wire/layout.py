"""Messages as tables: which field stands where, in which versions, under which condition.

A message is a frozen dataclass, and its fields in their order are its layout. The same
table is walked to read a message and to write it. What the annotations can't say, they
carry as marks: ``Annotated[str, Since(176)]``. Where the fields of several records are
mixed (orders), the layout is given as a table of slots.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Protocol,
    TypeAlias,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from skim_gateway.wire.errors import MalformedError, UnknownMessageError
from skim_gateway.wire.kinds import (
    FLAG,
    INTEGER,
    NUMBER,
    OPTIONAL_INTEGER,
    OPTIONAL_NUMBER,
    TEXT,
    Scalar,
)

MOST_REPEATED = 10_000
"""Entries that a list in a message may have."""


@dataclass(frozen=True, slots=True)
class Since:
    """The field is there from this server version on."""

    version: int


@dataclass(frozen=True, slots=True)
class Before:
    """The field is there only before this server version."""

    version: int


@dataclass(frozen=True, slots=True)
class When:
    """The field is there only when `test` holds for an earlier field, named by its path."""

    path: str
    test: Callable[[Any], bool]


class Source:
    """A message's fields, taken one after the other."""

    def __init__(self, fields: Sequence[str], version: int) -> None:
        self._fields = fields
        self._next = 0
        self.version = version

    def take(self) -> str:
        """Return the next field. Raises MalformedError when there is none."""
        if self._next >= len(self._fields):
            msg = f"the message ends after {len(self._fields)} fields"
            raise MalformedError(msg)
        self._next += 1
        return self._fields[self._next - 1]

    def count(self) -> int:
        """Return the next field, how many entries follow. Raises MalformedError."""
        number: int = INTEGER.read(self.take())
        if not 0 <= number <= MOST_REPEATED:
            msg = f"expected a count from 0 to {MOST_REPEATED}, found {number}"
            raise MalformedError(msg)
        return number

    @property
    def left(self) -> int:
        """How many fields are left."""
        return len(self._fields) - self._next


class Kind(Protocol):
    """What one slot holds: one field or several."""

    def read(self, source: Source) -> Any:
        """Take the value's fields and return it. Raises MalformedError."""

    def write(self, value: Any, out: list[str], version: int) -> None:
        """Add the value's fields."""


@dataclass(frozen=True, slots=True)
class _One:
    scalar: Scalar

    def read(self, source: Source) -> Any:
        return self.scalar.read(source.take())

    def write(self, value: Any, out: list[str], version: int) -> None:  # noqa: ARG002  as the others
        out.append(self.scalar.write(value))


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A field that says nothing: written as `text`, skipped when read."""

    text: str

    def read(self, source: Source) -> None:
        source.take()

    def write(self, value: Any, out: list[str], version: int) -> None:  # noqa: ARG002  as the others
        out.append(self.text)


@dataclass(frozen=True, slots=True)
class Counted:
    """A count, and that many of `kind`."""

    kind: Kind

    def read(self, source: Source) -> tuple[Any, ...]:
        """Take the count and the entries."""
        return tuple(self.kind.read(source) for _ in range(source.count()))

    def write(self, value: Any, out: list[str], version: int) -> None:
        """Add the count and the entries."""
        out.append(str(len(value)))
        for entry in value:
            self.kind.write(entry, out, version)


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a layout: the value at `path` (``"order.action"``), '' for a fixed text."""

    path: str
    kind: Kind
    since: int = 0
    before: int = 1_000_000
    when: When | None = None


class Layout:
    """Slots in their order."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        self.slots = tuple(slots)
        self._by_version: dict[int, tuple[Slot, ...]] = {}
        self._steps: dict[int, tuple[_Step, ...]] = {}

    def at(self, version: int) -> tuple[Slot, ...]:
        """Return the slots that there are in a server version."""
        found = self._by_version.get(version)
        if found is None:
            found = tuple(slot for slot in self.slots if slot.since <= version < slot.before)
            self._by_version[version] = found
        return found

    def steps(self, version: int) -> tuple[_Step, ...]:
        """Return how a value's fields are written in a server version."""
        found = self._steps.get(version)
        if found is None:
            found = self._steps[version] = tuple(map(_step, self.at(version)))
        return found


_Step: TypeAlias = tuple[
    Callable[[Any], Any],
    Callable[[Any, list[str], int], None],
    Callable[[Any], Any],
    Callable[[Any], bool] | None,
]
"""What gets a slot's value and adds its fields; what gets its condition's value and tests it."""


def _step(slot: Slot) -> _Step:
    get = attrgetter(slot.path) if slot.path else _nothing
    if slot.when is None:
        return get, slot.kind.write, _nothing, None
    return get, slot.kind.write, attrgetter(slot.when.path), slot.when.test


def _nothing(_: Any) -> None:
    return None


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


def one(scalar: Scalar) -> Kind:
    """Return the kind of one field."""
    return _One(scalar)


def fixed(text: str, since: int = 0, before: int = 1_000_000) -> Slot:
    """Return the slot of a field that says nothing."""
    return Slot("", _Fixed(text), since, before)


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
                return _One(mark), marks
            if isinstance(mark, Counted | Record) or _is_kind(mark):
                return mark, marks
    if get_origin(hint) is tuple:
        return Counted(_kind(get_args(hint)[0])[0]), marks
    if isinstance(hint, UnionType):
        hint = get_args(hint)
    if hint in _SCALARS:
        return _One(_SCALARS[hint]), marks
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


def named_fields(message: Message, version: int) -> list[tuple[str, str]]:
    """Return a message's fields, its id left out, each with the name of what it holds."""
    found: list[tuple[str, str]] = []
    layout = message.LAYOUT
    for slot, step in zip(layout.at(version), layout.steps(version), strict=True):
        get, add, get_condition, test = step
        if test is None or test(get_condition(message)):
            out: list[str] = []
            add(get(message), out, version)
            name = slot.path or "version"
            many = len(out) > 1
            found += [(f"{name}[{n}]" if many else name, text) for n, text in enumerate(out)]
    return found


class Message:
    """A message of the TWS API; `ID` is its first field."""

    __slots__ = ()

    ID: ClassVar[int]
    LAYOUT: ClassVar[Layout]


_M = TypeVar("_M", bound=type)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def record(cls: _M) -> _M:
    """Make a frozen dataclass that only takes keywords."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    return made  # type: ignore[no-any-return]


class Directory:
    """The messages of one direction, by their ids."""

    def __init__(self) -> None:
        self.messages: dict[int, type[Message]] = {}

    def add(self, cls: _M, identifier: int, before: tuple[Slot, ...], layout: Layout | None) -> _M:
        """Make `cls` a message: before its own fields stand the slots `before`."""
        made = record(cls)
        own = layout or layout_of(made)
        made.ID = identifier  # type: ignore[attr-defined]
        made.LAYOUT = Layout((*before, *own.slots))  # type: ignore[attr-defined]
        self.messages[identifier] = made
        return made

    def decode(self, fields: Sequence[str], version: int) -> Message:
        """Return the message that these fields are.

        Raises MalformedError naming the message and the field; UnknownMessageError for a
        first field that is no message of this direction.
        """
        cls = self.messages.get(identifier := _identifier(fields))
        if cls is None:
            raise UnknownMessageError(identifier)
        source = Source(fields[1:], version)
        try:
            found: Message = read(cls, cls.LAYOUT, source)
        except MalformedError as error:
            msg = f"{cls.__name__} (message {cls.ID}), {error}"
            raise MalformedError(msg) from None
        return found

    def encode(self, message: Message, version: int) -> list[str]:
        """Return the message's fields as they are in this version."""
        out = [str(message.ID)]
        write(message, message.LAYOUT, out, version)
        return out


def _identifier(fields: Sequence[str]) -> int:
    if not fields:
        msg = "the message is empty"
        raise MalformedError(msg)
    try:
        identifier: int = INTEGER.read(fields[0])
    except MalformedError as error:
        msg = f"message id: {error}"
        raise MalformedError(msg) from None
    return identifier
