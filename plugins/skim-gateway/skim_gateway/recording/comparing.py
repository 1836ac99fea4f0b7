"""Compares a recording with what the gateway writes and says. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from skim_gateway.faults.model import name_of
from skim_gateway.recording.files import Entry
from skim_gateway.wire import answers as a
from skim_gateway.wire.answers import ANSWERS
from skim_gateway.wire.errors import MalformedError, UnknownMessageError
from skim_gateway.wire.messages import named_fields

if TYPE_CHECKING:
    from skim_gateway.wire.messages import Message

NOTICES = range(2100, 2200)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a recording differs: in a message's form, or in what a request led to.

    `times` is how often; `recorded` and `simulated` are an example.
    """

    what: str
    recorded: str
    simulated: str
    times: int = 1


def decoded(entries: Iterable[Entry]) -> list[tuple[Entry, Message]]:
    """Return the gateway's messages that can be read."""
    found = []
    for entry in entries:
        try:
            found.append((entry, ANSWERS.decode(entry.fields, entry.version)))
        except (MalformedError, UnknownMessageError):
            continue
    return found


def in_form(entries: Iterable[Entry]) -> list[Difference]:
    """Return where the gateway would write a recorded message differently, field by field."""
    seen: Counter[str] = Counter()
    examples: dict[str, tuple[str, str]] = {}
    for entry in entries:
        for what, recorded, simulated in _of_one(entry):
            seen[what] += 1
            examples.setdefault(what, (recorded, simulated))
    return [Difference(what, *examples[what], times) for what, times in seen.items()]


def _of_one(entry: Entry) -> list[tuple[str, str, str]]:
    try:
        message = ANSWERS.decode(entry.fields, entry.version)
    except UnknownMessageError as error:
        return [(f"message {error.identifier}", "is there", "is unknown")]
    except MalformedError as error:
        return [(f"message {entry.fields[0]}", ",".join(entry.fields)[:200], str(error))]
    name = name_of(type(message))
    named = named_fields(message, entry.version)
    differences = []
    for (path, simulated), recorded in zip_longest(
        named, entry.fields[1:], fillvalue=("a field more", "")
    ):
        text = recorded if isinstance(recorded, str) else "no field"
        if text != simulated and not _same_number(text, simulated):
            differences.append((f"{name}, {path}", text, simulated))
    return differences


def _same_number(one: str, other: str) -> bool:
    """Whether two texts are the same number, spelt differently; '' is no number."""
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def led_to(messages: Iterable[Message]) -> dict[int, list[str]]:
    """Return what was said about each request or order, in order, the same in a row once."""
    about: defaultdict[int, list[str]] = defaultdict(list)
    for message in messages:
        number = _number(message)
        if number is not None and number >= 0:
            about[number].append(_told(message))
    return {number: [told for told, _ in groupby(names)] for number, names in about.items()}


def _number(message: Message) -> int | None:
    if isinstance(message, a.OpenOrder):
        return message.order.order_id
    if isinstance(message, a.OrderStatus | a.NextValidId | a.OrderBound):
        return message.order_id if isinstance(message, a.OrderStatus) else None
    if isinstance(message, a.ExecutionDetails):
        return message.order_id if message.req_id < 0 else message.req_id
    found = getattr(message, "req_id", None)
    return found if isinstance(found, int) else None


def _told(message: Message) -> str:
    name = name_of(type(message))
    if isinstance(message, a.OpenOrder):
        return f"{name} {message.state.status}"
    if isinstance(message, a.OrderStatus):
        return f"{name} {message.status}"
    if isinstance(message, a.ErrorMessage):
        return f"{name} {message.code}"
    if isinstance(message, a.TickPrice | a.TickSize | a.TickString | a.TickGeneric):
        return "ticks"
    return name


def in_course(
    names: Mapping[int, str],
    recorded: Mapping[int, Sequence[str]],
    simulated: Mapping[int, Sequence[str]],
) -> list[Difference]:
    """Return the requests, by the names of `names`, that led to something else."""
    differences = []
    for number, name in names.items():
        before, after = recorded.get(number, ()), simulated.get(number, ())
        if list(before) != list(after):
            differences.append(Difference(f"{name} {number}", _line(before), _line(after)))
    return differences


def _line(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
