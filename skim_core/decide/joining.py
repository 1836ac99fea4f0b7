"""What a phase and the scanners beside it found, made one list of candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from skim_core.model.market import Candidate
from skim_core.model.phases import Match


def joined(findings: Sequence[Iterable[Candidate]], match: Match) -> tuple[Candidate, ...]:
    """Return the candidates of several findings, each symbol once, in the order of the findings.

    Of a symbol that several found, the reasons stand after one another, and each other field is
    that of the first that knows it. With `Match.ALL` only what every finding has is returned.
    """
    by_symbol: dict[str, list[Candidate]] = {}
    counts: dict[str, set[int]] = {}
    for number, finding in enumerate(findings):
        for found in finding:
            by_symbol.setdefault(found.symbol, []).append(found)
            counts.setdefault(found.symbol, set()).add(number)
    needed = len(findings) if match is Match.ALL else 1
    return tuple(
        reduce(_merged, found)
        for symbol, found in by_symbol.items()
        if len(counts[symbol]) >= needed
    )


def _merged(first: Candidate, second: Candidate) -> Candidate:
    known = {
        name: value for name, value in second.model_dump().items() if getattr(first, name) is None
    }
    reasons = first.reason.split("; ")
    more = [reason for reason in second.reason.split("; ") if reason not in reasons]
    return first.model_copy(update={**known, "reason": "; ".join((*reasons, *more))})
