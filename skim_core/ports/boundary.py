"""The boundary between the engine and a plugin's code.

What a plugin's code raises is told in one line whatever it is; the decimal context that it
changes is its own; and it can be cut short where nothing of skim's would be torn.
"""

from __future__ import annotations

import contextvars
import decimal
from collections.abc import Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from types import FrameType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from skim_core.model.text import one_line
from skim_core.ports.raised import sentence

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Cut(SystemExit):
    """Raised inside a plugin's code to stop it; its text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of the engine's by a plugin's code: how it is written, and what is awaited for it."""

    call: str
    answer: Coroutine[object, object, object]
    inside: object


@dataclass(frozen=True, slots=True)
class Guest:
    """Whose code runs, and how many seconds of wall time it may hold up the event loop.

    `asked` is what it asked the engine for, each with how that is written.
    """

    name: str
    patience: float
    asked: list[Asked] = field(default_factory=list)

    def forgotten(self) -> list[str]:
        """Return what was asked for and never awaited, and give it up."""
        left = [asked for asked in self.asked if getcoroutinestate(asked.answer) == CORO_CREATED]
        for asked in left:
            asked.answer.close()
            if iscoroutine(asked.inside):
                asked.inside.close()
        return list(dict.fromkeys(asked.call for asked in left))


guest: ContextVar[Guest | None] = ContextVar("guest", default=None)
"""The plugin whose code runs; None while the engine's own does."""


def entered(visitor: Guest) -> contextvars.Context:
    """Return a context to run a plugin's code in.

    It has a decimal context of its own: ``getcontext().prec = 3`` is seen nowhere else.
    """
    context = contextvars.copy_context()
    context.run(_enter, visitor)
    return context


def _enter(visitor: Guest) -> None:
    guest.set(visitor)
    decimal.setcontext(_ARITHMETIC.copy())


def arithmetic() -> decimal.Context:
    """Return a new decimal context as money is computed in, whatever a plugin made of others."""
    return decimal.Context(
        prec=28,
        rounding=decimal.ROUND_HALF_EVEN,
        Emin=-999999,
        Emax=999999,
        capitals=1,
        clamp=0,
        flags=[],
        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
    )


_ARITHMETIC = arithmetic()
"""Only ever copied: nobody outside gets hold of it."""


def exact() -> AbstractContextManager[decimal.Context]:
    """Compute in the engine's own decimal context inside a ``with`` block."""
    return decimal.localcontext(_ARITHMETIC)


def described(error: BaseException) -> str:
    """Return what a raise says: one printable line of a sane length, and never a raise."""
    kind = type(error).__name__
    if isinstance(error, ValidationError):
        return one_line(sentence(error))
    try:
        text = str.__str__(str(error))
    except BaseException as another:  # noqa: BLE001  a plugin's own __str__
        text = f"its text can't be had, {type(another).__name__} was raised"
    if isinstance(error, Cut):
        return one_line(text)
    return one_line(f"{kind}: {text}" if text.strip() else kind)


def named(value: object) -> str:
    """Return a callable's name, or how it describes itself, in one printable line."""
    try:
        return one_line(str(getattr(value, "__qualname__", None) or repr(value)))
    except BaseException:  # noqa: BLE001  a plugin's own __repr__
        return one_line(f"a {type(value).__name__}")


_OUTSIDE = frozenset(
    {
        "skim_core.engine.attempt",
        "skim_core.engine.joining",
        "skim_core.engine.loop",
        "skim_core.engine.rehearsal",
        "skim_core.engine.results",
        "skim_core.engine.threads",
        "skim_core.plugins.loading",
        "skim_core.plugins.strategies",
        "skim_core.ports.lanes",
        "skim_core.testing.scripted",
    }
)
"""The modules of skim that call a plugin's code, and hold nothing while they do."""

_SHARED = frozenset({"logging", "importlib._bootstrap", "importlib._bootstrap_external"})
"""Modules of Python whose locks everybody shares."""


def can_be_cut(frame: FrameType | None) -> bool:
    """Whether raising in a plugin's running code would tear nothing of skim's.

    It would where the code is inside a call of the engine's (a journal's transaction, say)
    or may hold a lock that others wait for.
    """
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module in _OUTSIDE:
            return True
        if module in _SHARED or module.startswith("skim_core."):
            return False
        frame = frame.f_back
    return True
