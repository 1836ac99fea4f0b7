"""A fault as it is written: in a script, on the command line, in a test."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from skim_core import SessionTime
from skim_core.broker import Model
from skim_core.errors import ConfigError, nearest
from skim_core.sim import Halt
from skim_gateway.wire.answers import ANSWERS
from skim_gateway.wire.requests import REQUESTS


def name_of(cls: type) -> str:
    """Return a message's name in scripts: ``PlaceOrder`` is ``place_order``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


REQUEST_NAMES = frozenset(map(name_of, REQUESTS.messages.values()))
ANSWER_NAMES = frozenset(map(name_of, ANSWERS.messages.values()))


class Action(StrEnum):
    """What a fault does."""

    DELAY = "delay"
    """The message is taken, or told, `seconds` later."""
    DROP = "drop"
    """The message is lost."""
    DUPLICATE = "duplicate"
    """The message is taken, or told, twice."""
    SILENCE = "silence"
    """From this message on the connection stands, and nothing is taken or told on it."""
    RESET_BEFORE = "reset_before"
    """The connection is reset, and the request was not taken."""
    RESET_AFTER = "reset_after"
    """The request is taken, nothing is told of it, and the connection is reset."""
    DROP_REPLY = "drop_reply"
    """The request is taken, and what it is answered with at once is lost."""
    ERROR = "error"
    """The request is answered with the error `code` instead."""
    REJECT = "reject"
    """The order is refused with error 201, and stays in the books as Inactive."""
    REORDER = "reorder"
    """The answer is told after the one that follows it."""
    RESET = "reset"
    """The connection is reset instead of telling the answer."""
    SPLIT = "split"
    """A fill is told as several: `parts` shares each, the rest last, `seconds` apart."""
    LOSE = "lose"
    """1100, and `seconds` later 1102, or with `data_lost` 1101. Orders wait meanwhile."""
    FARM = "farm"
    """2103 and 2105, and `seconds` later 2104 and 2106. Nothing streams meanwhile."""
    RESTART = "restart"
    """All connections are reset and none is taken for `seconds`. Without `book` the gateway
    has forgotten orders, executions and ids: what worked is gone, what traded is held. `by` ids
    are rolled back."""
    ROLL_BACK_IDS = "roll_back_ids"
    """The client's next order id falls by `by`."""
    HALT = "halt"
    """Nothing trades in `symbol` for `seconds`, or until it is resumed: orders wait, or with
    `refuse` new ones are refused with error 154."""
    RESUME = "resume"
    """`symbol` trades again."""


@dataclass(frozen=True)
class _Shape:
    """Which messages an action is about, and which fields it needs and may have."""

    names: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()


_ANY = REQUEST_NAMES | ANSWER_NAMES
_NONE: frozenset[str] = frozenset()
_SECONDS = frozenset({"seconds"})
SHAPES: Mapping[Action, _Shape] = {
    Action.DELAY: _Shape(_ANY, needs=_SECONDS),
    Action.DROP: _Shape(_ANY),
    Action.DUPLICATE: _Shape(_ANY),
    Action.SILENCE: _Shape(_ANY, takes=_SECONDS),
    Action.RESET_BEFORE: _Shape(REQUEST_NAMES),
    Action.RESET_AFTER: _Shape(REQUEST_NAMES),
    Action.DROP_REPLY: _Shape(REQUEST_NAMES),
    Action.ERROR: _Shape(REQUEST_NAMES, needs=frozenset({"code"}), takes=frozenset({"text"})),
    Action.REJECT: _Shape(frozenset({"place_order"}), takes=frozenset({"text"})),
    Action.REORDER: _Shape(ANSWER_NAMES),
    Action.RESET: _Shape(ANSWER_NAMES),
    Action.SPLIT: _Shape(
        frozenset({"execution_details"}), needs=frozenset({"parts"}), takes=_SECONDS
    ),
    Action.LOSE: _Shape(needs=_SECONDS, takes=frozenset({"at", "data_lost"})),
    Action.FARM: _Shape(needs=_SECONDS, takes=frozenset({"at"})),
    Action.RESTART: _Shape(takes=frozenset({"at", "seconds", "book", "by"})),
    Action.ROLL_BACK_IDS: _Shape(needs=frozenset({"by"}), takes=frozenset({"at", "client"})),
    Action.HALT: _Shape(needs=frozenset({"symbol"}), takes=frozenset({"at", "seconds", "refuse"})),
    Action.RESUME: _Shape(needs=frozenset({"symbol"}), takes=frozenset({"at"})),
}
_MATCHING = frozenset({"on", "order_ref", "client", "nth", "times", "chance"})


class Fault(Model):
    """One fault: `do` what, and for a message `on` which.

    Of the messages named `on` (by client and by order reference, which may hold ``*``) the
    `nth` is struck (from 1; the first when not given) and `times` in a row; a `chance`
    below 1 decides each by the seed. `at` is when something happens that no message
    brings about, such as ``open+5m``; at once when not given.
    """

    do: Action
    on: str = ""
    order_ref: str = ""
    client: int | None = None
    nth: Annotated[int, Field(ge=1)] = 1
    times: Annotated[int, Field(ge=1)] = 1
    chance: Annotated[float, Field(gt=0, le=1)] = 1.0
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    code: int | None = None
    text: str = ""
    parts: tuple[Annotated[int, Field(ge=1)], ...] = ()
    by: Annotated[int, Field(ge=0)] = 0
    book: bool = True
    data_lost: bool = False
    symbol: str = ""
    refuse: bool = False
    at: SessionTime | None = None

    @field_validator("parts", mode="before")
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        shape = SHAPES[self.do]
        given = self.model_fields_set - {"do"}
        allowed = shape.needs | shape.takes | (_MATCHING if shape.names else _NONE)
        if missing := sorted(shape.needs - given):
            msg = f"{self.do} needs {', '.join(missing)}"
            raise ValueError(msg)
        if extra := sorted(given - allowed):
            known = ", ".join(sorted(allowed)) or "nothing"
            msg = f"{self.do} does not take {', '.join(extra)}: it takes {known}"
            raise ValueError(msg)
        if shape.names and self.on not in shape.names:
            what = f"found {self.on!r}{nearest(self.on, shape.names)}" if self.on else "found none"
            msg = f"{self.do} needs 'on', a message such as {min(shape.names)!r}, {what}"
            raise ValueError(msg)
        return self

    @property
    def of_message(self) -> bool:
        """Whether a message brings it about."""
        return bool(SHAPES[self.do].names)


@dataclass(frozen=True)
class Script:
    """Faults, trading halts, and the seed that decides what is left to chance."""

    faults: tuple[Fault, ...] = ()
    halts: tuple[Halt, ...] = ()
    seed: int | None = None
    name: str = field(default="", compare=False)


def read_fault(values: Mapping[str, Any]) -> Fault:
    """Return a fault. Raises ConfigError naming the field, what was found and expected."""
    known = Fault.model_fields
    for name in values:
        if name not in known:
            msg = f"a fault has no {name!r}{nearest(name, known)}: it has {', '.join(known)}."
            raise ConfigError(msg)
    try:
        return Fault.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    msg = f"{where}: {first['msg']}".removeprefix(": ").replace("Value error, ", "") + "."
    raise ConfigError(msg)


def read_script(path: Path) -> Script:
    """Return the script at `path`: TOML with `seed`, ``[[fault]]`` and ``[[halt]]``.

    Raises ConfigError naming the file, the fault by its number, and what is wrong.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path} can't be read ({error.strerror or error}): give a script of faults."
        raise ConfigError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is not TOML: {error}."
        raise ConfigError(msg) from error
    if unknown := sorted(found.keys() - {"seed", "fault", "halt"}):
        msg = f"{path} has {unknown[0]!r}: expected seed, [[fault]] and [[halt]]."
        raise ConfigError(msg)
    faults, halts = [], []
    for number, values in enumerate(_tables(path, found, "fault"), start=1):
        try:
            faults.append(read_fault(values))
        except ConfigError as error:
            msg = f"{path}, fault {number}: {error}"
            raise ConfigError(msg) from None
    for number, values in enumerate(_tables(path, found, "halt"), start=1):
        try:
            halts.append(Halt.model_validate(values))
        except ValidationError as error:
            why = error.errors(include_url=False)[0]
            msg = f"{path}, halt {number}: {'.'.join(map(str, why['loc']))}: {why['msg']}."
            raise ConfigError(msg) from None
    seed = found.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        msg = f"{path}: seed is {seed!r}: give a whole number."
        raise ConfigError(msg)
    return Script(tuple(faults), tuple(halts), seed, str(path))


def _tables(path: Path, found: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    tables = found.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        msg = f"{path}: write [[{name}]], with two brackets, for each {name}."
        raise ConfigError(msg)
    return tables
