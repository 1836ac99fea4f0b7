"""Messages: records with an id, and the directory in which one direction's are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from skim_gateway.wire.errors import MalformedError, UnknownMessageError
from skim_gateway.wire.kinds import INTEGER
from skim_gateway.wire.layout import layout_of, read, record, write
from skim_gateway.wire.slots import Layout, Slot, Source


class Message:
    """A message of the TWS API; `ID` is its first field."""

    __slots__ = ()

    ID: ClassVar[int]
    LAYOUT: ClassVar[Layout]


_M = TypeVar("_M", bound=type)


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
