"""``config check`` and ``config show``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from skim_core.cli.examining import broker_setup
from skim_core.cli.output import Toned, echo, print_json, table
from skim_core.cli.places import calendar_of
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError, GraphError, PluginError, SkimError
from skim_core.exits import ExitCode
from skim_core.model.session import Session
from skim_core.plugins.brokers import load_broker
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.discovery import Group, find
from skim_core.plugins.engines import load_engine
from skim_core.plugins.extensions import load_extension
from skim_core.plugins.phases import configured_graph
from skim_core.plugins.strategies import StrategyPlugin, load_strategy
from skim_core.settings import MASK, Settings, show
from skim_core.settings.load import file_meant


@dataclass
class _Findings:
    """What was checked, and what was found wrong with it."""

    checked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def check(self, what: str, *checks: Callable[[], object]) -> None:
        """Make the checks of one thing; each line of a refusal is a fault, told once."""
        self.checked.append(what)
        for check in checks:
            try:
                check()
            except SkimError as error:
                lines = str(error).splitlines()
                self.faults.extend(line for line in lines if line not in self.faults)


def check_config(wanted: Wanted) -> int:
    """Check the whole configuration and tell every fault; return 2 when there is one, else 0.

    The settings, the exchange, the plugins that they name, the broker's options, each
    extension's section, and for each configured strategy its section and its phases' overrides.
    """
    findings = _Findings(["settings"])
    file = file_meant(wanted.config, os.environ)
    try:
        settings = wanted.settings()
    except ConfigError as error:
        findings.faults.append(str(error))
    else:
        _check(settings, findings)
    if wanted.as_json:
        print_json({"file": file, "checked": findings.checked, "faults": findings.faults})
    else:
        _print(file, findings)
    return ExitCode.WRONG if findings.faults else ExitCode.DONE


def show_config(wanted: Wanted) -> int:
    """Show every setting with its value and where that comes from; return the exit code.

    Secrets are masked. What is secret in a strategy's or an extension's section its model says:
    of one that can't be loaded, or is faulty, every value is masked.
    """
    settings = wanted.settings()
    models, unknown = _models(settings)
    shown = show(settings, models)
    for key, row in shown["settings"].items():
        if key.startswith(tuple(f"{table}." for table in unknown)):
            row["value"] = MASK
    if wanted.as_json:
        print_json(shown)
        return ExitCode.DONE
    echo(f"file: {shown['file'] or 'none'}")
    rows = [
        (Toned(key, "title"), _shown(row["value"]), Toned(row["source"], "aside"))
        for key, row in shown["settings"].items()
    ]
    table(("key", "value", "source"), rows)
    for name in unknown.values():
        echo(f"{name} can't be used, so its values are masked: see 'skim config check'.")
    return ExitCode.DONE


def _models(settings: Settings) -> tuple[dict[str, type[BaseModel]], dict[str, str]]:
    """Return the models of the plugins' tables, and what can't be loaded, each by its table."""
    models: dict[str, type[BaseModel]] = {}
    unknown: dict[str, str] = {}
    for name in settings.strategies:
        try:
            models[f"strategy.{name}"] = load_strategy(name).config_model
        except PluginError:
            unknown[f"strategy.{name}"] = f"strategy {name}"
    for name in settings.extension_tables:
        try:
            extension = load_extension(name)
            # A secret that stands where none belongs is no less a secret.
            extension.configured(settings.extension(name))
        except (PluginError, ConfigError):
            unknown[f"extension.{name}"] = f"extension {name}"
        else:
            models[f"extension.{name}"] = extension.config_model
    return models, unknown


def _check(settings: Settings, findings: _Findings) -> None:
    sessions: list[Session] = []

    def next_session() -> None:
        sessions.append(calendar_of(settings).current_or_next(WallClock().now()))

    findings.check(f"exchange {settings.exchange}", next_session)
    session = sessions[0] if sessions else None
    findings.check(f"engine {settings.engine}", lambda: load_engine(settings.engine))
    findings.check(f"broker {settings.broker}", lambda: _make_broker(settings, session))
    for name in settings.brokers:
        if name != settings.broker:
            findings.check(f"[brokers.{name}]", partial(find, Group.BROKERS, name))
    for name in [] if settings.extensions == "all" else settings.extensions:
        findings.check(f"extension {name}", partial(find, Group.EXTENSIONS, name))
    for name in settings.extension_tables:
        findings.check(f"[extension.{name}]", partial(_check_extension, settings, name))
    for name in settings.strategies:
        findings.check(f"strategy {name}", *_checks_of(settings, name, session))


def _check_extension(settings: Settings, name: str) -> None:
    load_extension(name).configured(settings.extension(name))


def _make_broker(settings: Settings, session: Session | None) -> None:
    plugin = load_broker(settings.broker)
    if session is None:
        return
    # Its options are its own: only the broker can say what is wrong with them.
    plugin.make(broker_setup(settings, settings.broker, session))


def _checks_of(
    settings: Settings, name: str, session: Session | None
) -> Iterator[Callable[[], object]]:
    section = settings.strategy(name)[0]
    try:
        strategy = load_strategy(name)
    except PluginError as error:
        yield _refusal(error)
        return
    yield lambda: validate_config(strategy, section)
    yield from _faults_of_phases(strategy, settings, session)


def _faults_of_phases(
    strategy: StrategyPlugin, settings: Settings, session: Session | None
) -> Iterator[Callable[[], object]]:
    policies = settings.strategy(strategy.name)[1]
    sessions = [session] if session is not None else []
    while True:
        try:
            configured_graph(strategy, policies, settings.where, sessions)
        except GraphError as error:
            yield _refusal(error)
            # The other tables may have faults too; what needs this one has then one more.
            if policies.pop(error.phase or "", None) is None:
                return
        else:
            return


def _refusal(error: SkimError) -> Callable[[], None]:
    def refuse() -> None:
        raise error

    return refuse


def _print(file: Path | None, findings: _Findings) -> None:
    where = file or "no file, defaults and environment"
    echo(f"{where}: checked {', '.join(findings.checked)}.")
    for fault in findings.faults:
        echo(f"fault: {fault}", "error")
    if not findings.faults:
        echo("No fault was found.", "done")


def _shown(value: object) -> str | Toned:
    """Return a value as its table has it: what JSON calls null has not been set."""
    if value is None:
        return Toned("not set", "aside")
    return value if isinstance(value, str) else json.dumps(value)
