"""What goes wrong on a simulated day: a plan that a seed decides, fault by fault.

A fault happens at a time, or on the nth occasion of a sort. What else it needs to be decided
is a pure function of the plan's seed and the fault's own number, so that a plan without one
of its faults leaves the others what they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cached_property
from hashlib import blake2b
from random import Random
from typing import Annotated, Self

from pydantic import Field

from skim_core.model.base import Model
from skim_core.simulation.fault_shapes import SHAPES, FaultKind, Occasion, Party, Shape


class Fault(Model):
    """One thing that goes wrong.

    `at`: seconds after the session's open; else it comes with the `nth` time that `after`
    happens (`nth` alone: the nth attempt of a phase). What `lasting` (seconds), `amount`,
    `target` and `variant` mean is said by its kind: see `describe`.
    """

    number: Annotated[int, Field(ge=0)]
    kind: FaultKind
    at: float | None = None
    after: Occasion | None = None
    nth: Annotated[int, Field(ge=1)] = 1
    lasting: Annotated[float, Field(ge=0)] = 0.0
    amount: int = 0
    target: str = ""
    variant: str = ""

    @property
    def party(self) -> Party:
        """Who carries it out."""
        return SHAPES[self.kind].party

    def covers(self, seconds: float) -> bool:
        """Whether an instant, in seconds after the open, lies in its time."""
        return self.at is not None and self.at <= seconds < self.at + self.lasting


class FaultPlan(Model):
    """All that goes wrong on one day; `seed` also decides everything else that varies."""

    seed: int
    faults: tuple[Fault, ...] = ()

    @classmethod
    def from_seed(
        cls,
        seed: int,
        symbols: Sequence[str],
        phases: Sequence[str] = (),
        length: timedelta = timedelta(hours=6),
    ) -> Self:
        """Return the plan of a seed: from no fault at all to a dozen.

        Faults hit `symbols`, the strategy's `phases`, and times up to `length` after the
        open (and a little before it).
        """
        kinds = [kind for kind, shape in SHAPES.items() if phases or shape.target != "phase"]
        weights = [SHAPES[kind].weight for kind in kinds]
        chosen = Random(f"{seed}/kinds")
        number = chosen.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12))
        targets = {"symbol": symbols, "phase": phases, "": ("",)}
        return cls(
            seed=seed,
            faults=tuple(
                _make(index, kind, Random(f"{seed}/{index}"), targets, length.total_seconds())
                for index, kind in enumerate(chosen.choices(kinds, weights, k=number))
            ),
        )

    def without(self, numbers: Iterable[int]) -> FaultPlan:
        """Return the plan without some faults, the others unchanged."""
        gone = set(numbers)
        kept = tuple(fault for fault in self.faults if fault.number not in gone)
        return FaultPlan(seed=self.seed, faults=kept)

    def of(self, *kinds: FaultKind) -> tuple[Fault, ...]:
        """Return the faults of some kinds."""
        return tuple(fault for fault in self.faults if fault.kind in kinds)

    def draw(self, *names: object) -> float:
        """Return a number in [0, 1) that the seed and the names decide."""
        return draw(self.seed, *names)

    @cached_property
    def text(self) -> str:
        """The plan in words, a line for each fault."""
        return "\n".join(describe(fault) for fault in self.faults) or "nothing goes wrong"


class Occasions:
    """Counts what happens, and says which faults come with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._waiting: dict[Occasion, dict[int, list[Fault]]] = {}
        self._counts: dict[Occasion, int] = {}
        for fault in faults:
            if fault.after is not None:
                due = self._waiting.setdefault(fault.after, {})
                due.setdefault(fault.nth, []).append(fault)

    def next(self, occasion: Occasion) -> Sequence[Fault]:
        """Count one more occasion; return the faults that come with it."""
        waiting = self._waiting.get(occasion)
        if waiting is None:
            return ()
        count = self._counts[occasion] = self._counts.get(occasion, 0) + 1
        return waiting.get(count, ())


def draw(*names: object) -> float:
    """Return a number in [0, 1) that the names decide."""
    text = "/".join(map(str, names)).encode()
    return int.from_bytes(blake2b(text, digest_size=6).digest(), "big") / 2**48


def describe(fault: Fault) -> str:
    """Return a fault in words: when, what, to whom.

    >>> describe(Fault(number=3, kind=FaultKind.SYMBOL_HALTED, at=90, lasting=60, target="BHP"))
    '#3 1:30 after the open: BHP is halted for 60 s'
    """
    shape = SHAPES[fault.kind]
    words = shape.words.format(
        lasting=f"{fault.lasting:g} s",
        amount=fault.amount,
        target=fault.target or "every symbol",
        variant=fault.variant,
    )
    return f"#{fault.number} {_when(fault, shape)}{words}"


def _when(fault: Fault, shape: Shape) -> str:
    if fault.at is not None:
        minutes, seconds = divmod(abs(round(fault.at)), 60)
        return f"{minutes}:{seconds:02} {'before' if fault.at < 0 else 'after'} the open: "
    if fault.after is not None:
        return f"{fault.after} {fault.nth}: "
    return f"attempt {fault.nth}: " if shape.target == "phase" else ""


def _make(
    number: int,
    kind: FaultKind,
    random: Random,
    targets: dict[str, Sequence[str]],
    length: float,
) -> Fault:
    shape = SHAPES[kind]
    fields: dict[str, object] = {}
    # Everything is drawn for every kind, in one order, so that a table's entry can change
    # without changing what the others draw.
    timed, share, occasion, nth = (random.random() for _ in range(4))
    if shape.occasions and (not shape.timed or timed < _TIMED):
        fields["after"] = shape.occasions[int(occasion * len(shape.occasions))]
        fields["nth"] = 1 + int(nth * nth * shape.nth)
    elif shape.timed:
        fields["at"] = round((share * (1 + _BEFORE) - _BEFORE) * length, 3)
    elif shape.target == "phase":
        fields["nth"] = 1 + int(nth * nth * shape.nth)
    low, high = shape.lasting
    lowest, highest = shape.amount
    # Short ones are more frequent than long ones.
    return Fault.model_validate(
        {
            "number": number,
            "kind": kind,
            "lasting": round(low + (high - low) * random.random() ** 2, 3),
            "amount": random.randint(lowest, highest),
            "target": random.choice(targets[shape.target] or ("",)),
            "variant": random.choice(shape.variants),
            **fields,
        }
    )


_TIMED = 0.7
"""How many of the faults that may come at a time or on an occasion come on an occasion."""

_BEFORE = 0.05
"""How much of the session's length faults may come before the open."""
