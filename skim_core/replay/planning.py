"""From what was asked for to a plan: settings, strategies, sessions, recorded files."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path

from skim_core.calendar.sessions import SessionCalendar
from skim_core.errors import ConfigError, DataError
from skim_core.model.session import Session
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.phases import configured_graph
from skim_core.plugins.strategies import load_strategy
from skim_core.replay.joining import plan_extensions, versions_of_extensions
from skim_core.replay.plan import LeftOut, Plan, PlannedStrategy
from skim_core.replay.sessions import Secrets
from skim_core.replay.soundness import faults, refuse
from skim_core.settings import Settings
from skim_core.settings.masking import journaled
from skim_core.sim.options import SimOptions, read_options
from skim_core.sim.parquet import SOUND
from skim_core.sim.recorded import RecordedFeed


@dataclass(frozen=True)
class Asked:
    """What a person wants replayed: strategies, and the sessions from `first` to `last`.

    With `skip_bad` sessions whose recorded files are bad are left out.
    """

    strategies: Sequence[str]
    first: date
    last: date
    skip_bad: bool = False


def make_plan(asked: Asked, settings: Settings) -> Plan:
    """Return the plan of a replay under `settings`.

    Raises ConfigError when a setting or the dates don't fit, PluginError for a strategy that
    can't be loaded, DataError when no session in those dates is recorded, and for bad files,
    all of them with file and row.
    """
    if asked.last < asked.first:
        msg = f"--to {asked.last} is before --from {asked.first}: give the later date last."
        raise ConfigError(msg)
    options = read_options(settings.broker_options("sim")).model_copy(update={"fsync": False})
    calendar = SessionCalendar(settings.exchange, settings.directory / "calendars")
    wanted = calendar.sessions(asked.first, asked.last)
    if not wanted:
        msg = (
            f"{settings.exchange} has no session from {asked.first} to {asked.last}: "
            "'skim sessions' lists them."
        )
        raise ConfigError(msg)
    market = _recorded(options, settings.exchange, wanted)
    if options.data is not None:
        market = _sound(market, options.data, settings, skip_bad=asked.skip_bad)
    sessions = market.sessions
    names = tuple(dict.fromkeys(asked.strategies))
    strategies = tuple(planned_strategy(name, settings, sessions) for name in names)
    phases = [phase for planned in strategies for phase in planned.graph]
    extensions = plan_extensions(phases, settings, sessions[0])
    return Plan(
        strategies=strategies,
        versions=versions_of(names, options) | versions_of_extensions(extensions),
        exchange=settings.exchange,
        account=settings.account,
        options=options,
        data=market.digest,
        limits=settings.limits,
        lead=settings.lead,
        protection_limit=settings.protection_limit,
        halt_after=settings.halt_after,
        first=asked.first,
        last=asked.last,
        sessions=tuple(sessions),
        left_out=tuple(market.left_out),
        extensions=extensions,
    )


def secrets_of(names: Iterable[str], settings: Settings) -> Secrets:
    """Return the strategies' sections as they are configured at present."""
    return {name: settings.strategy(name)[0] for name in names}


def versions_of(names: Iterable[str], options: SimOptions) -> dict[str, str]:
    """Return the versions of all that decides a replay's results, by name."""
    packages = ["skim-core", "numpy", *(["polars"] if options.data is not None else [])]
    found = {package: metadata.version(package) for package in packages}
    for name in names:
        info = load_strategy(name).info
        found[info.distribution] = info.version
    return {"python": platform.python_version(), **found}


def data_digest(options: SimOptions, exchange: str, sessions: Sequence[Session]) -> str | None:
    """Return a SHA-256 of the recorded files that the sessions are read from; None if generated.

    They are the sessions' own files, that of the session recorded before each (where previous
    closes may come from), and the daily bars.
    """
    if options.data is None:
        return None
    recorded = RecordedFeed(options.data).sessions(exchange)
    dates = {session.date for session in sessions}
    before = {max(earlier) for day in dates if (earlier := [d for d in recorded if d < day])}
    minutes = options.data / "bars_1m" / exchange
    stems = [minutes / day.isoformat() for day in sorted(dates | before)]
    digest = hashlib.sha256()
    for stem in (*stems, options.data / "bars_1d" / exchange):
        for suffix in (".parquet", ".csv"):
            path = stem.with_name(stem.name + suffix)
            if path.is_file():
                digest.update(f"{path.name}\0{_file_digest(path)}\n".encode())
                break
    return digest.hexdigest()


def _file_digest(path: Path) -> str:
    try:
        return SOUND.digest(path)
    except OSError as error:
        msg = f"{path} can't be read ({error.strerror}): give this user the right to read it."
        raise DataError(msg) from error


@dataclass(frozen=True)
class _Market:
    """The sessions that can be replayed, those left out, and the digest of what is read."""

    sessions: Sequence[Session]
    left_out: Sequence[LeftOut] = ()
    digest: str | None = None


def _recorded(options: SimOptions, exchange: str, wanted: Sequence[Session]) -> _Market:
    if options.data is None:
        return _Market(wanted)
    dates = frozenset(RecordedFeed(options.data).sessions(exchange))
    left_out = [
        LeftOut(date=session.date, why=f"not recorded in {options.data}")
        for session in wanted
        if session.date not in dates
    ]
    sessions = [session for session in wanted if session.date in dates]
    if not sessions:
        known = sorted(dates)
        found = f"{known[0]} to {known[-1]}" if known else "nothing"
        msg = (
            f"no session of {exchange} from {wanted[0].date} to {wanted[-1].date} is recorded in "
            f"{options.data}, found {found}: choose other dates, or another folder."
        )
        raise DataError(msg)
    return _Market(sessions, left_out, data_digest(options, exchange, sessions))


def _sound(market: _Market, data: Path, settings: Settings, *, skip_bad: bool) -> _Market:
    """Return the market without its bad sessions, if those may be left out; else refuse it."""
    assert market.digest is not None, "it is recorded"
    found = faults(data, market.sessions, market.digest, settings.directory)
    sessions = [session for session in market.sessions if session.date not in found]
    if not skip_bad or not sessions:
        refuse(found, of=len(market.sessions))
    if not found:
        return market
    left_out = [*market.left_out, *(LeftOut(date=day, why=why) for day, why in found.items())]
    options = read_options({"data": data})
    return _Market(
        sessions,
        sorted(left_out, key=lambda out: out.date),
        data_digest(options, settings.exchange, sessions),
    )


def planned_strategy(name: str, settings: Settings, sessions: Sequence[Session]) -> PlannedStrategy:
    """Return a strategy as it is replayed in `sessions` under `settings`.

    Raises PluginError for one that can't be loaded, ConfigError for a configuration or phases
    that it refuses, GraphError among them for windows that are none in one of the sessions.
    """
    strategy = load_strategy(name)
    section, policies = settings.strategy(name)
    graph = configured_graph(strategy, policies, settings.where, sessions)
    return PlannedStrategy(
        name=name,
        graph=graph,
        config=journaled(validate_config(strategy, section)),
        limits=settings.strategy_limits(name),
        priority=settings.priority(name),
    )


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return in words which versions changed, by name."""
    return [
        f"{name} was {then.get(name, 'not there')} and is {now.get(name, 'not there')}"
        for name in dict.fromkeys((*then, *now))
        if then.get(name) != now.get(name)
    ]
