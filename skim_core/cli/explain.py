"""``explain``: what was decided, on what, and what came of it, from the journal alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from skim_core.calendar.exchanges import known_exchange
from skim_core.cli.days.journaled import ambiguous, begun_days, day_named, fits
from skim_core.cli.output import echo, print_json
from skim_core.cli.places import open_journal
from skim_core.cli.wanted import Wanted
from skim_core.cli.words.explained import write
from skim_core.decide.explained import Explanation, to_data
from skim_core.decide.explained_orders import key_of
from skim_core.decide.explanation import about, explain
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.model.events import DayStarted, OrderCarried, OrderIntended
from skim_core.ports.journal import Journal

_SHORTEST = 6
"""Fewer characters of a reference say too little."""


@dataclass(frozen=True)
class Question:
    """What is to be explained: a day, an order or a symbol; nothing: the latest day."""

    what: str | None = None
    strategy: str | None = None
    show_numbers: bool = False


def show_explanation(question: Question, wanted: Wanted) -> int:
    """Explain a day, an order or a symbol; return the exit code.

    Makes no journal. Raises ConfigError for what the journal doesn't know, and for what fits
    several things.
    """
    settings = wanted.settings()
    if not settings.journal_path.exists():
        return _tell_nothing(question, f"there is no {settings.journal_path}", wanted)
    journal = open_journal(settings)
    try:
        days = [day for day in begun_days(journal) if fits(day, question.strategy, wanted)]
        if not days:
            return _tell_nothing(question, "no such day is in the journal", wanted)
        found = _find(journal, days, question.what, by_session=wanted.session is not None)
    finally:
        journal.close()
    if wanted.as_json:
        print_json({"days": [to_data(explanation) for explanation, _ in found]})
        return ExitCode.DONE
    for index, (explanation, whole) in enumerate(found):
        if index:
            echo()
        write(explanation, show_numbers=question.show_numbers, whole=whole)
    return ExitCode.DONE


def _tell_nothing(question: Question, why: str, wanted: Wanted) -> int:
    if question.what is not None:
        msg = f"{question.what!r} can't be explained: {why}. 'skim status' shows what was run."
        raise ConfigError(msg)
    if wanted.as_json:
        print_json({"days": [], "reason": why})
    else:
        echo(f"skim: nothing to explain: {why}.")
    return ExitCode.DONE


_Found = list[tuple[Explanation, bool]]
"""Explanations, each with whether it is of the whole day."""


def _find(
    journal: Journal, days: Sequence[DayStarted], what: str | None, *, by_session: bool
) -> _Found:
    chosen = days if by_session else days[-1:]
    if what is None:
        return [(_explained(journal, day), True) for day in chosen]
    named = day_named(days, what)
    if named is not None:
        return [(_explained(journal, named), True)]
    explanations = [_explained(journal, day) for day in chosen]
    traded = [each for each in explanations if what.upper() in _symbols(each)]
    if traded:
        return [(_of_symbol(each, what.upper()), False) for each in traded]
    return _of_order(journal, days, what, explanations)


def _of_symbol(explanation: Explanation, symbol: str) -> Explanation:
    decided = [each for each in explanation.decisions if each.order.symbol == symbol]
    return about(explanation, [each.reference for each in decided], [symbol])


def _of_order(
    journal: Journal, days: Sequence[DayStarted], what: str, looked_at: Sequence[Explanation]
) -> _Found:
    """Return what is about an order in each day that it stood in, the oldest first."""
    found: dict[str, str] = {}
    stood: dict[str, list[DayStarted]] = {}
    for day in reversed(days):
        decided = _decided(journal, day)
        found.update({reference: key_of(reference) for reference in decided})
        for reference in decided:
            stood.setdefault(reference, []).append(day)
        if any(anew and what in {each, key_of(each)} for each, anew in decided.items()):
            break
    matching = _matching(found, what)
    if not matching:
        raise _unknown(what, days, looked_at, list(found))
    wanted = {day.run_id: day for reference in matching for day in stood[reference]}
    told: _Found = []
    for day in [day for day in days if day.run_id in wanted]:
        explanation = _explained(journal, day)
        ours = [each for each in explanation.decisions if each.reference in matching]
        told.append((about(explanation, matching, {each.order.symbol for each in ours}), False))
    return told


def _matching(known: Mapping[str, str], what: str) -> set[str]:
    """Return the references that are meant: one, or those of the bracket that shares a key."""
    if what in known:
        return {what}
    exact = {reference for reference, key in known.items() if key == what}
    if exact or len(what) < _SHORTEST:
        return exact
    begun = {reference for reference in known if _begins(reference, what)}
    keys = sorted({known[reference] for reference in begun})
    if len(keys) > 1:
        raise ambiguous(what, keys)
    return begun


def _decided(journal: Journal, day: DayStarted) -> dict[str, bool]:
    """Return the references of a day's orders, each with whether that day decided it."""
    found: dict[str, bool] = {}
    for record in journal.read(day.run_id):
        event = record.event
        if isinstance(event, OrderIntended):
            found[event.order.reference] = True
        elif isinstance(event, OrderCarried):
            found[event.state.order.reference] = False
    return found


def _begins(reference: str, what: str) -> bool:
    return reference.startswith(what) or reference.removeprefix("sk1-").startswith(what)


def _explained(journal: Journal, day: DayStarted) -> Explanation:
    records = ((record.sequence, record.event) for record in journal.read(day.run_id))
    return explain(records, known_exchange(day.session))


def _symbols(explanation: Explanation) -> dict[str, None]:
    return dict.fromkeys(
        [
            *(each.order.symbol for each in explanation.decisions),
            *(each.symbol for each in explanation.refusals),
            *(each.symbol for each in explanation.positions),
        ]
    )


def _unknown(
    what: str,
    days: Sequence[DayStarted],
    looked_at: Sequence[Explanation],
    references: Sequence[str],
) -> ConfigError:
    symbols = [symbol for each in looked_at for symbol in _symbols(each)]
    near = [
        *_nearest(what, [day.run_id for day in days]),
        *_nearest(what, [key_of(reference) for reference in references]),
        *_nearest(what.upper(), symbols),
    ]
    hint = f" (did you mean {', '.join(near)}?)" if near else ""
    return ConfigError(
        f"the journal knows no day, order or symbol {what!r}{hint}: give a day as 'skim status "
        f"--json' names it, at least {_SHORTEST} characters of an order's reference, or a symbol "
        "that was traded in the day of --session (of the latest day without it)."
    )


def _nearest(what: str, known: Sequence[str]) -> list[str]:
    # The beginning is enough, so beginnings are compared.
    begun = {name[: len(what)]: name for name in known}
    return [begun[each] for each in get_close_matches(what, begun, n=3, cutoff=0.6)]
