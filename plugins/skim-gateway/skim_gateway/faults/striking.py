"""Which fault strikes a message: counts and chance. Pure but for what it has counted."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from skim_gateway.faults.model import Action, Fault


@dataclass
class _Armed:
    """A fault that waits, and how many messages it was asked about."""

    fault: Fault
    random: random.Random
    seen: int = 0
    struck: int = 0

    def strikes(self, name: str, client: int | None, order_ref: str) -> bool:
        """Count a message; return whether it is struck."""
        fault = self.fault
        if fault.on != name or (fault.client is not None and fault.client != client):
            return False
        if fault.order_ref and not fnmatchcase(order_ref, fault.order_ref):
            return False
        self.seen += 1
        if not fault.nth <= self.seen or self.struck >= fault.times:
            return False
        if fault.chance < 1 and self.random.random() >= fault.chance:
            return False
        self.struck += 1
        return True


class Armory:
    """The faults of messages. The same seed and the same messages strike the same ones."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._armed: list[_Armed] = []
        self._made = 0

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its message."""
        self._made += 1
        self._armed.append(_Armed(fault, random.Random(f"{self._seed}|{self._made}")))

    def clear(self) -> None:
        """Let no fault wait any more."""
        self._armed.clear()

    @property
    def waiting(self) -> list[Fault]:
        """The faults that may strike yet."""
        return [armed.fault for armed in self._armed if armed.struck < armed.fault.times]

    def strike(self, name: str, client: int | None, order_ref: str) -> list[Fault]:
        """Count a message; return the faults that strike it, in the order they were added."""
        return [
            armed.fault
            for armed in self._armed
            if armed.fault.do is not Action.SPLIT and armed.strikes(name, client, order_ref)
        ]

    def strike_fill(self, client: int | None, order_ref: str) -> Fault | None:
        """Count a fill of the exchange; return the fault that splits it, or None."""
        for armed in self._armed:
            of_fills = armed.fault.do is Action.SPLIT
            if of_fills and armed.strikes(armed.fault.on, client, order_ref):
                return armed.fault
        return None

    def __bool__(self) -> bool:
        return bool(self._armed)


def split(quantity: int, parts: Iterable[int]) -> list[int]:
    """Return `quantity` in parts, the rest last; parts beyond it are left out."""
    found: list[int] = []
    left = quantity
    for part in parts:
        taken = min(part, left)
        if taken:
            found.append(taken)
        left -= taken
    return [*found, left] if left else found
