"""The places of a layout: which fields a value takes, in which versions, under which condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol, TypeAlias

from skim_gateway.wire.errors import MalformedError
from skim_gateway.wire.kinds import INTEGER, Scalar

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


def one(scalar: Scalar) -> Kind:
    """Return the kind of one field."""
    return _One(scalar)


def fixed(text: str, since: int = 0, before: int = 1_000_000) -> Slot:
    """Return the slot of a field that says nothing."""
    return Slot("", _Fixed(text), since, before)
