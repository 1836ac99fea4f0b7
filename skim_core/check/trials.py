"""Rules that are tried by running the strategy; each yields what is wrong, or nothing."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from skim_core.check.subject import Terms
from skim_core.check.written import back_doors, clock_reads
from skim_core.errors import SkimError
from skim_core.model.events import OrderFilled
from skim_core.model.orders import OrderStage
from skim_core.model.session import Session
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.sources import module_file
from skim_core.plugins.strategies import StrategyPlugin, load_strategy
from skim_core.plugins.versions import ATTRIBUTE
from skim_core.sim.generated import GeneratedFeed
from skim_core.testing.assertions import (
    assert_completed,
    assert_left_nothing,
    assert_ordered_once,
    assert_protected,
)
from skim_core.testing.crashing import Crashes, boundaries, doubled
from skim_core.testing.faults import Faults
from skim_core.testing.lookahead import find_lookahead
from skim_core.testing.replays import plan_days
from skim_core.testing.simulate import SimulatedDay, session_of, simulate_day

_EXCHANGE = "XASX"
_KINDS = {
    "full day": "2026-11-24",
    "half day": "2026-12-24",
    "day of daylight saving": "2026-10-05",
}
_SYMBOLS = 120
_SEEDS = (1, 2, 3)
_PARTICIPATIONS = (0.002, 0.0001)
"""Of a minute's volume, so that orders trade in parts, and some not to their end."""

_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "entries are refused": {"rejects": ("entry",)},
    "stops are refused": {"rejects": ("stop",)},
    "requests are lost": {"lost_requests": (1, 3)},
    "answers are lost": {"lost_answers": (1, 2)},
    "the line is down": {"line_down": (("10:30", "11:00"), ("13:00", "13:05"))},
    "notices come twice": {"tells_twice": True},
    "notices come late": {"tells_late": timedelta(seconds=90)},
}


@dataclass(frozen=True)
class Trial:
    """A strategy on trial, with the terms that it is held to; `folder` is the trial's own."""

    strategy: str
    terms: Terms
    folder: Path
    numbers: Iterator[int] = field(default_factory=count)

    @cached_property
    def loaded(self) -> StrategyPlugin:
        """The strategy."""
        return load_strategy(self.strategy)

    @cached_property
    def package(self) -> Path:
        """The folder of its package, or its module's file."""
        top = self.loaded.info.module.partition(".")[0]
        file = module_file(top)
        assert file is not None, "a module that was imported has a file"
        return file.parent if file.name == "__init__.py" else file

    def session(self, date: str) -> Session:
        """Return a session of the exchange that it is tried on."""
        return session_of(_EXCHANGE, date, self.folder / "calendars")

    def day(self, seed: int = 1, date: str = _KINDS["full day"], **options: Any) -> SimulatedDay:
        """Return a simulated day on the generated market of a seed."""
        place = self.folder / f"day-{next(self.numbers)}"
        place.mkdir()
        broker = {"symbols": _SYMBOLS, "seed": seed} | options.pop("broker", {})
        return simulate_day(
            self.loaded,
            self.session(date),
            place,
            config=self.terms.config,
            broker=broker,
            **options,
        )

    @cached_property
    def best(self) -> tuple[int, SimulatedDay]:
        """The seed on which it enters most, and its day."""
        days = {seed: self.day(seed) for seed in _SEEDS}
        seed = max(days, key=lambda one: len(days[one].entered()))
        return seed, days[seed]

    def holds(self, day: SimulatedDay) -> None:
        """Assert what holds whatever the broker does."""
        if not self.terms.reenters:
            assert_ordered_once(day)
        unknown = [one for one in day.book.orders.values() if one.stage is OrderStage.UNKNOWN]
        if not self.terms.overnight and not unknown:
            assert_left_nothing(day)


def settings_sound(trial: Trial) -> Iterator[str]:
    """SK105."""
    model = trial.loaded.config_model
    if not model.model_config.get("frozen"):
        yield f"{model.__name__} is not frozen: a phase could change what another reads"
    if model.model_config.get("extra") != "forbid":
        yield f"{model.__name__} takes unknown keys: a typo in skim.toml would be the default"
    for name, made in model.model_fields.items():
        if made.is_required():
            yield f"{model.__name__}.{name} has no default: without a section nothing runs"
    try:
        config = validate_config(trial.loaded, trial.terms.config)
        again = type(config).model_validate_json(config.model_dump_json())
    except (SkimError, ValueError) as error:
        yield f"{model.__name__} is not valid as it comes: {error}"
        return
    if again != config:
        yield f"{model.__name__} is another after a trip through JSON, which a crash takes"


def graph_fits(trial: Trial) -> Iterator[str]:
    """SK106."""
    graph = trial.loaded.graph
    for kind, date in _KINDS.items():
        session = trial.session(date)
        try:
            graph.check_windows(session)
        except SkimError as error:
            yield f"on a {kind}: {error}"
            continue
        closed = [
            phase.name
            for phase in graph
            for start, end in [phase.window(session)]
            if start and end and start >= end
        ]
        if closed and len(closed) == len(list(graph)):
            yield f"on a {kind} no phase is run"
        for phase in graph:
            start, _ = phase.window(session)
            if start and start >= session.close and phase.name not in closed:
                yield f"on a {kind} phase {phase.name!r} begins at the close or after it"


def version_stated(trial: Trial) -> Iterator[str]:
    """SK107."""
    target = trial.loaded.plugin.target
    module = inspect.getmodule(type(target)) if not inspect.ismodule(target) else target
    if getattr(target, ATTRIBUTE, None) is None and getattr(module, ATTRIBUTE, None) is None:
        yield f"{trial.loaded.info.value} has no {ATTRIBUTE}"


def trades(trial: Trial) -> Iterator[str]:
    """SK201."""
    if not trial.best[1].entered():
        yield f"no order was entered on {len(_SEEDS)} generated markets of {_SYMBOLS} symbols"


def days_complete(trial: Trial) -> Iterator[str]:
    """SK202."""
    for kind, date in _KINDS.items():
        yield from _failed(f"on a {kind}", assert_completed, trial.day(date=date))


def protected(trial: Trial) -> Iterator[str]:
    """SK203."""
    _, day = trial.best
    yield from _failed("", assert_protected, day)
    stops = {event.order.parent: event.order.stop_price for event in day.intended("stop")}
    for event in day.events:
        if not isinstance(event, OrderFilled):
            continue
        fill, stop = event.fill, stops.get(event.fill.reference)
        if stop is not None and abs(fill.price - stop) > fill.price / 2:
            yield (
                f"{fill.symbol} was entered at {fill.price:f} with its stop at {stop:f}, which is "
                "no protection"
            )
            return


def ends_flat(trial: Trial) -> Iterator[str]:
    """SK204."""
    if trial.terms.overnight:
        return
    for kind, date in _KINDS.items():
        for seed in _SEEDS:
            faults = list(_failed(f"on a {kind}", assert_left_nothing, trial.day(seed, date)))
            if faults:
                yield faults[0]
                return


def survives_kills(trial: Trial) -> Iterator[str]:
    """SK205."""
    seed, _ = trial.best
    broker = {"symbols": _SYMBOLS, "seed": seed}
    crashes = Crashes(
        trial.strategy,
        trial.session(_KINDS["full day"]),
        trial.folder / "crashes",
        GeneratedFeed(seed=seed, symbols=_SYMBOLS),
        trial.terms.config,
        broker,
    )
    undisturbed = crashes.undisturbed()
    for event, words in boundaries(undisturbed.events).items():
        day = crashes.killed_after(event)
        if not day.completed:
            yield f"killed after {words}, the day is {day.result.end}: {day.result.reason}"
        elif again := doubled(undisturbed, day):
            yield f"killed after {words}, it entered {', '.join(again)}"
        else:
            yield from _failed(f"killed after {words}", trial.holds, day)


def survives_faults(trial: Trial) -> Iterator[str]:
    """SK206."""
    seed, _ = trial.best
    for words, faults in _FAULTS.items():
        day = trial.day(seed, faults=Faults(**faults))
        yield from _failed(f"when {words}", trial.holds, day)


def survives_parts(trial: Trial) -> Iterator[str]:
    """SK207."""
    seed, _ = trial.best

    def sound(day: SimulatedDay) -> None:
        assert_completed(day)
        assert_protected(day)
        if not trial.terms.reenters:
            assert_ordered_once(day)

    for participation in _PARTICIPATIONS:
        day = trial.day(seed, broker={"participation": participation})
        yield from _failed("when orders trade in parts", sound, day)


def context_time(trial: Trial) -> Iterator[str]:
    """SK208."""
    yield from clock_reads(trial.package)


def front_doors(trial: Trial) -> Iterator[str]:
    """SK209."""
    yield from back_doors(trial.package)


def no_lookahead(trial: Trial) -> Iterator[str]:
    """SK302."""
    seed, _ = trial.best
    first = _KINDS["full day"]
    place = trial.folder / "lookahead"
    place.mkdir()
    plan = plan_days(
        trial.strategy,
        first,
        first,
        place,
        exchange=_EXCHANGE,
        config=trial.terms.config,
        broker={"symbols": _SYMBOLS, "seed": seed},
    )
    for peek in find_lookahead(plan):
        yield str(peek)


def documented(trial: Trial) -> Iterator[str]:
    """SK304."""
    yield from _undescribed(trial.loaded.config_model)
    for hook, implementation in trial.loaded.plugin.implementations.items():
        if not (implementation.function.__doc__ or "").strip():
            yield f"{hook} has no docstring"


def digest(trial: Trial) -> str:
    """Return what stands for all that happened on a day: the same in any process (SK301)."""
    hashed = hashlib.sha256()
    for seed in _SEEDS[:2]:
        for event in trial.day(seed).events:
            hashed.update(json.dumps(event.model_dump(mode="json"), sort_keys=True).encode())
    return hashed.hexdigest()


TRIALS: Mapping[str, Callable[[Trial], Iterator[str]]] = {
    "SK105": settings_sound,
    "SK106": graph_fits,
    "SK107": version_stated,
    "SK201": trades,
    "SK202": days_complete,
    "SK203": protected,
    "SK204": ends_flat,
    "SK205": survives_kills,
    "SK206": survives_faults,
    "SK207": survives_parts,
    "SK208": context_time,
    "SK209": front_doors,
    "SK302": no_lookahead,
    "SK304": documented,
}


def _undescribed(model: type[BaseModel]) -> Iterator[str]:
    for name, made in model.model_fields.items():
        if not (made.description or "").strip():
            yield f"{model.__name__}.{name} has no description"


def _failed(where: str, claim: Callable[[SimulatedDay], None], day: SimulatedDay) -> Iterator[str]:
    try:
        claim(day)
    except AssertionError as error:
        told = str(error).splitlines()[0] if str(error) else "an assertion failed"
        yield f"{where}: {told}" if where else told
