"""What the gateway sends: what they have in common, and the directory of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, dataclass_transform

from skim_gateway.wire.messages import Directory, Message
from skim_gateway.wire.slots import Layout, Slot

ANSWERS = Directory()

NOBODY = -1
"""The request id of what no request asked for."""

_M = TypeVar("_M", bound=type)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def answer(identifier: int, *before: Slot, layout: Layout | None = None) -> Callable[[_M], _M]:
    """Let a class be the message with a number; `before` are fields that it does not keep."""
    return lambda cls: ANSWERS.add(cls, identifier, before, layout)


class Answer(Message):
    """A message from the gateway."""

    __slots__ = ()
