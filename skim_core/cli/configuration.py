"""``config check`` and ``config show``."""

from __future__ import annotations

from collections.abc import Iterator

from skim_core.cli.launch import calendar_of
from skim_core.cli.output import echo, print_json, table
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.errors import SkimError
from skim_core.model.session import Session
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.discovery import Group, find
from skim_core.plugins.strategies import load_strategy
from skim_core.settings import Settings, show


def check_config(wanted: Wanted) -> int:
    """Check the whole configuration; return 0 when it is sound, else 2."""
    settings = wanted.settings()
    session = calendar_of(settings).current_or_next(WallClock().now())
    checked: list[str] = []
    faults: list[str] = []
    for what, fault in _checks(settings, session):
        (faults if fault else checked).append(fault or what)
    if wanted.as_json:
        print_json({"file": settings.file, "checked": checked, "faults": faults})
    else:
        where = settings.file or "no file, defaults and environment"
        echo(f"{where}: checked {', '.join(checked) or 'nothing else'}.")
        for fault in faults:
            echo(f"fault: {fault}")
    return 2 if faults else 0


def _checks(settings: Settings, session: Session) -> Iterator[tuple[str, str | None]]:
    yield f"exchange {settings.exchange}", None
    for group, name in ((Group.BROKERS, settings.broker), (Group.ENGINES, settings.engine)):
        try:
            find(group, name)
        except SkimError as error:
            yield "", str(error)
        else:
            yield f"{group.noun} {name}", None
    for name in settings.strategies:
        yield f"strategy {name}", _fault_of(settings, name, session)


def _fault_of(settings: Settings, name: str, session: Session) -> str | None:
    section, phases = settings.strategy(name)
    try:
        strategy = load_strategy(name)
        validate_config(strategy, section)
        graph = strategy.graph.override(phases)
        graph.check_windows(session)
        strategy.check_hooks(graph)
    except SkimError as error:
        return str(error)
    return None


def show_config(wanted: Wanted) -> int:
    """Show every setting; return the exit code."""
    settings = wanted.settings()
    shown = show(settings)
    if wanted.as_json:
        print_json(shown)
        return 0
    echo(f"file: {shown['file'] or 'none'}")
    rows = [(key, row["value"], row["source"]) for key, row in shown["settings"].items()]
    table(("key", "value", "from"), rows)
    return 0
