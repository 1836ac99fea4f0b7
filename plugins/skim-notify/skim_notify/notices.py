"""A notice: what is told to a person, before it is Discord's, a mail's or anything else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a notice is about: channels choose by it."""

    CANDIDATES = "candidates"
    """What is watched today."""
    TRADES = "trades"
    """Entries that were filled, and positions that were closed."""
    STOPS = "stops"
    """Stops that traded."""
    FAILURES = "failures"
    """Phases, orders, scanners, the line to the broker, protection: what went wrong."""
    DEAD_MAN = "dead_man"
    """A process died, or nobody started a day: another looks after it."""
    HALTS = "halts"
    """Entries were halted, or allowed again."""
    DAYS = "days"
    """A day began or ended."""


class Tone(StrEnum):
    """How a notice is meant."""

    GOOD = "good"
    PLAIN = "plain"
    WARNING = "warning"
    BAD = "bad"


class Field(NamedTuple):
    """A named value of a notice; short ones may stand side by side."""

    name: str
    value: str
    short: bool = True


class Item(NamedTuple):
    """One of several things of a kind: its name, the facts, and what was said of it."""

    name: str
    facts: str
    said: str = ""


@dataclass(frozen=True)
class Notice:
    """One thing that happened, in words. `where` names strategy, session and account.

    No text of it has any markup. The `items` belong together under one name, `listed`; as many
    as there is room for are told.
    """

    kind: Kind
    tone: Tone
    title: str
    text: str
    at: datetime
    where: str
    fields: tuple[Field, ...] = ()
    listed: str = ""
    items: tuple[Item, ...] = ()
