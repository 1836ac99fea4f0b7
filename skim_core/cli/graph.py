"""``graph``: a strategy's phases, what each waits for and its policy."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from skim_core.cli.output import Toned, echo, local_time, print_json, table
from skim_core.cli.places import calendar_of
from skim_core.cli.views.graph_picture import as_svg
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.model.graph import PhaseGraph
from skim_core.model.overrides import Changes, changes
from skim_core.model.phases import Match, OnFailure, Phase
from skim_core.model.session import Session
from skim_core.model.times import format_duration
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.phases import configured_graph
from skim_core.plugins.strategies import StrategyPlugin, load_strategy
from skim_core.settings import Settings

_NO_CHANGES = Changes()


def show_graph(strategy: str, wanted: Wanted, *, mermaid: bool, svg: bool) -> int:
    """Show a strategy's graph with its overrides, and when it runs; return the exit code.

    Raises ConfigError for two forms at once and for a day off, GraphError for unsound
    overrides and PluginError for a strategy that can't be loaded.
    """
    if mermaid + svg + wanted.as_json > 1:
        msg = "--mermaid, --svg and --json are forms of one graph: give one of them."
        raise ConfigError(msg)
    settings = wanted.settings()
    loaded = load_strategy(strategy)
    policies = settings.strategy(strategy)[1]
    session = _session(wanted, settings)
    graph = configured_graph(loaded, policies, settings.where, [session])
    _tell_refused(loaded, settings.strategy(strategy)[0])
    made = changes(loaded.graph, in_order(graph))
    if wanted.as_json:
        print_json({**graph.model_dump(mode="json"), "configured": asdict(made)})
    elif mermaid:
        echo(as_mermaid(graph, made))
    elif svg:
        echo(as_svg(in_order(graph), lambda phase: _policy(phase, made)))
    else:
        _print_graph(loaded, graph, session, made)
    return ExitCode.DONE


def _session(wanted: Wanted, settings: Settings) -> Session:
    calendar = calendar_of(settings)
    if (date := wanted.date) is None:
        return calendar.current_or_next(WallClock().now())
    if (session := calendar.session(date)) is None:
        msg = (
            f"{date:%A %Y-%m-%d} is a day off at {settings.exchange}: give the date of a session; "
            "'skim sessions' lists them."
        )
        raise ConfigError(msg)
    return session


def _tell_refused(loaded: StrategyPlugin, section: Mapping[str, Any]) -> None:
    """Tell what would keep the strategy from running: a table that is misspelt changes nothing."""
    try:
        validate_config(loaded, section)
    except ConfigError as error:
        sys.stderr.write(f"skim: its day would be refused: {error}\n")


def in_order(graph: PhaseGraph) -> list[Phase]:
    """Return the phases so that each comes after those it waits for, else as declared."""
    waiting, done = list(graph), set[str]()
    ordered = []
    while waiting:
        following = next(phase for phase in waiting if done.issuperset(phase.after))
        waiting.remove(following)
        done.add(following.name)
        ordered.append(following)
    return ordered


def as_mermaid(graph: PhaseGraph, made: Changes = _NO_CHANGES) -> str:
    """Return the graph as a mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html).

    A dotted arrow leads on even when the phase before it has failed; a hexagon is
    protective.
    """
    lines = ["flowchart LR"]
    lines += [f"    %% the configuration leaves out {name}" for name in made.left_out]
    for phase in in_order(graph):
        label = "<br/>".join((phase.name, *_policy(phase, made)))
        opening, closing = ("{{", "}}") if phase.protective else ("[", "]")
        # A phase may be called "end", which is a word of mermaid's own.
        lines.append(f'    phase_{phase.name}{opening}"{label}"{closing}')
    for phase in in_order(graph):
        for name in phase.after:
            goes_on = graph[name].on_failure is OnFailure.CONTINUE
            arrow = '-. "even if it fails" .->' if goes_on else "-->"
            lines.append(f"    phase_{name} {arrow} phase_{phase.name}")
    return "\n".join(lines)


def _policy(phase: Phase, made: Changes) -> list[str]:
    parts = [_when(phase), f"timeout {format_duration(phase.timeout)}"]
    if retries := _retries(phase):
        parts.append(retries)
    if phase.shared is not None:
        parts.append(f"shared as {phase.shared.key}")
    parts += _joins(phase)
    if phase.name in made.added:
        parts.append("added by the configuration")
    elif phase.name in made.fields:
        parts.append(f"configured: {', '.join(made.fields[phase.name])}")
    return parts


def _print_graph(
    loaded: StrategyPlugin,
    graph: PhaseGraph,
    session: Session,
    made: Changes,
) -> None:
    info = loaded.info
    echo(f"{loaded.name} ({info.distribution} {info.version}): {len(graph)} phases", "title")
    rows = [
        (
            Toned(_marked(phase.name, made), "title"),
            ", ".join(phase.after),
            _when(phase),
            _hours(phase, session),
            format_duration(phase.timeout),
            _retries(phase),
            Toned(*_failure(phase)),
        )
        for phase in in_order(graph)
    ]
    date = f"{session.date:%a %Y-%m-%d}"
    table(("phase", "after", "when", date, "timeout", "tries", "if it fails"), rows)
    kind = ", a half day" if session.half_day else ""
    opening, closing = local_time(session, session.open), local_time(session, session.close)
    echo(f"{session.exchange} trades from {opening} to {closing} ({session.timezone}){kind}.")
    _print_changes(made)


def _marked(name: str, made: Changes) -> str:
    if name in made.added:
        return f"{name} +"
    return f"{name} *" if name in made.fields else name


def _print_changes(made: Changes) -> None:
    for name, fields in made.fields.items():
        for key, change in fields.items():
            echo(
                f"* By the configuration {name}'s {key} is {_value(change.now)}, "
                f"declared {_value(change.declared)}."
            )
    for name in made.added:
        echo(f"+ The configuration adds {name}.")
    for name in made.left_out:
        echo(f"- The configuration leaves out {name}.")


def _value(value: object) -> str:
    """Write a field's value in one line: a list as names, a table as its keys and values."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(each)}" for key, each in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)


def _when(phase: Phase) -> str:
    if phase.every is not None:
        start, end = phase.between or ("open", "close")
        return f"every {format_duration(phase.every)} from {start} to {end}"
    parts = [f"at {phase.at}"] if phase.at else []
    if phase.deadline:
        parts.append(f"by {phase.deadline}")
    return ", ".join(parts) or "as soon as it can"


def _joins(phase: Phase) -> list[str]:
    """Say which scanners and filters have their say on what the phase finds."""
    parts = []
    if phase.scanners:
        must = "and must be found by" if phase.match is Match.ALL else "and found by"
        parts.append(f"{must} {', '.join(phase.scanners)}")
    if phase.filters:
        parts.append(f"passed by {', '.join(phase.filters)}")
    return parts


def _hours(phase: Phase, session: Session) -> str:
    start, end = phase.window(session)
    if start and end and start >= end:
        return "not on this half day"
    parts = [local_time(session, start)] if start else []
    if end:
        parts.append(f"to {local_time(session, end)}")
    return " ".join(parts)


def _retries(phase: Phase) -> str:
    if phase.repeats:
        given_up = phase.give_up_after
        return f"gives up after {given_up} in a row" if given_up else "never gives up"
    retry = phase.retry
    if retry.attempts == 1:
        return ""
    return f"{retry.attempts} attempts, {format_duration(retry.backoff)} apart at first"


def _failure(phase: Phase) -> tuple[str, str]:
    parts = ["the day fails" if phase.on_failure is OnFailure.STOP else "a warning"]
    if phase.protective:
        parts.append("protective")
    if phase.shared is not None:
        parts.append(f"shared as {phase.shared.key}")
    parts += _joins(phase)
    return ", ".join(parts), "warning" if phase.on_failure is OnFailure.CONTINUE else ""
