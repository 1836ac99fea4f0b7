"""What clients send: what they have in common, and the directory of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias, TypeVar, dataclass_transform

from skim_gateway.wire.contracts import (
    COMBO,
    DeltaNeutral,
    Legs,
)
from skim_gateway.wire.messages import Directory, Message
from skim_gateway.wire.slots import Layout, Slot, When

REQUESTS = Directory()

_M = TypeVar("_M", bound=type)
IfCombo: TypeAlias = Annotated[Legs, When("contract", lambda contract: contract.sec_type == COMBO)]
"""The legs of a combination; no other contract has any."""
IfHedged: TypeAlias = Annotated[DeltaNeutral | None, When("has_delta_neutral", bool)]
"""A hedge, where one is said to follow."""


@dataclass_transform(kw_only_default=True, frozen_default=True)
def request(identifier: int, *before: Slot, layout: Layout | None = None) -> Callable[[_M], _M]:
    """Let a class be the message with a number; `before` are fields that it does not keep."""
    return lambda cls: REQUESTS.add(cls, identifier, before, layout)


class Request(Message):
    """A message from a client."""

    __slots__ = ()


class Numbered(Request):
    """A request with an id that its answers carry."""

    __slots__ = ()

    req_id: int
