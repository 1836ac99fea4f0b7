"""``graph``: a strategy's phases and their policies."""

from __future__ import annotations

from skim_core.cli.launch import calendar_of
from skim_core.cli.output import echo, print_json, table
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase
from skim_core.model.session import Session
from skim_core.model.times import format_duration
from skim_core.plugins.strategies import load_strategy


def show_graph(strategy: str, wanted: Wanted, *, mermaid: bool) -> int:
    """Show a strategy's graph as it would run, overrides included; return the exit code."""
    settings = wanted.settings()
    loaded = load_strategy(strategy)
    graph = loaded.graph.override(settings.strategy(strategy)[1])
    if wanted.as_json:
        print_json(graph.model_dump(mode="json"))
        return 0
    if mermaid:
        echo(as_mermaid(graph))
        return 0
    session = calendar_of(settings).current_or_next(WallClock().now())
    graph.check_windows(session)
    rows = [
        (
            phase.name,
            ", ".join(phase.after),
            when(phase),
            _hours(phase, session),
            format_duration(phase.timeout),
            _failure(phase),
        )
        for phase in graph
    ]
    headers = ("phase", "after", "when", f"on {session.date}", "timeout", "on failure")
    table(headers, rows)
    return 0


def when(phase: Phase) -> str:
    """Return a phase's times in the words of its declaration."""
    if phase.every is not None:
        start, end = phase.between or ("open", "close")
        return f"every {format_duration(phase.every)} from {start} to {end}"
    parts = [f"at {phase.at}"] if phase.at else []
    if phase.deadline:
        parts.append(f"by {phase.deadline}")
    return ", ".join(parts) or "as soon as it can"


def _hours(phase: Phase, session: Session) -> str:
    start, end = phase.window(session)
    times = [f"{session.local(moment):%H:%M}" if moment else "" for moment in (start, end)]
    return f"{times[0]}-{times[1]}" if any(times) else ""


def _failure(phase: Phase) -> str:
    parts = ["protective"] if phase.protective else [phase.on_failure.value]
    if phase.retry.attempts > 1:
        parts.append(f"{phase.retry.attempts} attempts")
    if phase.give_up_after is not None:
        parts.append(f"after {phase.give_up_after} in a row")
    if phase.shared is not None:
        parts.append(f"shared as {phase.shared.key}")
    return ", ".join(parts)


def as_mermaid(graph: PhaseGraph) -> str:
    """Return the graph as a mermaid flowchart."""
    lines = ["flowchart LR"]
    for phase in graph:
        opening, closing = ("([", "])") if phase.protective else ("[", "]")
        lines.append(f'    {phase.name}{opening}"{phase.name}<br/>{when(phase)}"{closing}')
    for phase in graph:
        for name in phase.after:
            arrow = "-.->" if graph[name].on_failure == "continue" else "-->"
            lines.append(f"    {name} {arrow} {phase.name}")
    return "\n".join(lines)
