"""From parameters to a plan of a sweep: each combination checked before any is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from skim_core.errors import ConfigError, GraphError
from skim_core.model.secrecy import is_secret
from skim_core.plugins.strategies import load_strategy
from skim_core.replay.plan import Plan, PlannedStrategy
from skim_core.replay.planning import Asked, make_plan, planned_strategy
from skim_core.settings import Settings
from skim_core.settings.masking import secret_fields
from skim_core.sweep.grid import Parameter, combinations
from skim_core.sweep.plan import Combination, SweepPlan

LoadSettings: TypeAlias = Callable[[Mapping[str, str]], Settings]
"""Loads the settings with some of the strategy's, by dotted key, set to other values."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants swept: a strategy, its sessions, and the parameters."""

    strategy: str
    first: date
    last: date
    parameters: Sequence[Parameter]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep's plan with what its replays need: one's whole plan, and each one's strategy."""

    plan: SweepPlan
    base: Plan
    strategies: Mapping[int, PlannedStrategy]

    def replay_plan(self, number: int) -> Plan:
        """Return the plan of a combination's replay."""
        return replay_plan(self.base, self.strategies[number])


def replay_plan(base: Plan, strategy: PlannedStrategy) -> Plan:
    """Return `base` with another configuration of its strategy."""
    return base.model_copy(update={"strategies": (strategy,)})


def plan_sweep(wanted: Wanted, load: LoadSettings) -> Sweep:
    """Return the plan of a sweep under the settings that `load` gives.

    A combination that the strategy's own model or its phases refuse is part of the plan, with
    the reason. Raises ConfigError when all are, for a secret as a parameter, and what
    `make_plan` raises.
    """
    _refuse_secrets(wanted)
    planner = _Planner(wanted, load)
    planned = tuple(
        planner.combination(number, values)
        for number, values in enumerate(combinations(wanted.parameters), start=1)
    )
    base = planner.base
    if base is None:
        values = ", ".join(f"{key}={value}" for key, value in planned[0].values.items())
        every = "every combination is" if len(planned) > 1 else "the combination is"
        msg = f"{every} refused; {values}: {planned[0].refused}"
        raise ConfigError(msg)
    plan = SweepPlan(
        strategy=wanted.strategy,
        exchange=base.exchange,
        first=base.first,
        last=base.last,
        sessions=len(base.sessions),
        capital=base.capital,
        parameters=tuple(wanted.parameters),
        combinations=planned,
    )
    return Sweep(plan, base, planner.strategies)


class _Planner:
    def __init__(self, wanted: Wanted, load: LoadSettings) -> None:
        self._wanted = wanted
        self._load = load
        self.base: Plan | None = None
        self.strategies: dict[int, PlannedStrategy] = {}

    def combination(self, number: int, values: dict[str, str]) -> Combination:
        try:
            strategy = self._strategy(values)
        except _RefusedError as refused:
            return Combination(number=number, values=values, digest=None, refused=str(refused))
        assert self.base is not None
        self.strategies[number] = strategy
        digest = replay_plan(self.base, strategy).digest
        return Combination(number=number, values=values, digest=digest)

    def _strategy(self, values: Mapping[str, str]) -> PlannedStrategy:
        name = self._wanted.strategy
        sessions = self.base.sessions if self.base is not None else ()
        try:
            settings = self._load(values)
            strategy = planned_strategy(name, settings, sessions)
        except ConfigError as error:
            raise _RefusedError(error) from error
        if self.base is None:
            asked = Asked([name], self._wanted.first, self._wanted.last)
            try:
                self.base = make_plan(asked, settings)
            except GraphError as error:
                # A window that is none in one of the sessions: another combination's may fit.
                raise _RefusedError(error) from error
        return strategy


class _RefusedError(Exception):
    """A combination doesn't fit the strategy."""


def _refuse_secrets(wanted: Wanted) -> None:
    secrets = secret_fields(load_strategy(wanted.strategy).config_model)
    for parameter in wanted.parameters:
        parts = parameter.key.split(".")
        if parts[0] in secrets or any(map(is_secret, parts)):
            msg = (
                f"--param {parameter.key} is a secret, and a sweep would write its values down: "
                "sweep something else."
            )
            raise ConfigError(msg)
