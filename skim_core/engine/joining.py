"""A phase that finds candidates, with scanners beside it and filters after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from skim_core.decide.joining import joined
from skim_core.errors import DataError
from skim_core.model.events import CandidatesJoined
from skim_core.model.market import Candidate
from skim_core.model.phases import Match, Phase
from skim_core.model.text import one_line
from skim_core.model.times import format_duration
from skim_core.ports.boundary import described
from skim_core.ports.context import Context
from skim_core.ports.engine import Strategy
from skim_core.ports.joining import CandidateFilter, Joining, ScanContext, Scanner

LONGEST = timedelta(seconds=30)
"""Wall time that a scanner or a filter may take: one that hangs must not cost the others theirs."""

_GONE = "no loaded extension has it: install it again"

Record = Callable[[CandidatesJoined], None]


class JoiningStrategy:
    """A strategy of which one phase's findings are joined with those of its scanners.

    The phase's own hook comes first, since it may wait for its moment; then the scanners, side
    by side; then the filters, one after the other. `record` is called in the event loop.
    """

    def __init__(self, strategy: Strategy, phase: Phase, joining: Joining, record: Record) -> None:
        self._strategy = strategy
        self._phase = phase
        self._joining = joining
        self._record = record

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self._strategy.name

    def returns(self, hook: str) -> Any:
        """Return the return annotation of the hook's specification."""
        return self._strategy.returns(hook)

    def is_async(self, hook: str) -> bool:
        """Whether the implementation of `hook` is ``async def``."""
        return self._strategy.is_async(hook)

    def call(self, hook: str, ctx: Context[Any]) -> Any:
        """Call the hook, and return (or, for an async one, promise) what is left in the end."""
        if self._strategy.is_async(hook):
            return self._call(hook, ctx)
        value = self._strategy.call(hook, ctx)
        return ctx.wait(self._join(value, ctx))

    async def _call(self, hook: str, ctx: Context[Any]) -> Any:
        return await self._join(await self._strategy.call(hook, ctx), ctx)

    async def _join(self, value: Any, ctx: Context[Any]) -> Any:
        """Return the candidates that are left; what is no candidates is returned as it is."""
        if not isinstance(value, Sequence) or not all(isinstance(f, Candidate) for f in value):
            return value
        scan = ScanContext(ctx.session, ctx.exchange, ctx.clock, ctx.market, ctx.log)
        names = self._phase.scanners
        scanners = self._joining.scanners
        answers = dict(
            zip(
                names,
                await asyncio.gather(*(_asked(scanners.get(name), scan) for name in names)),
                strict=True,
            )
        )
        failed = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
        found = {name: answer for name, answer in answers.items() if not isinstance(answer, str)}
        for name, error in failed.items():
            ctx.log.warning("scanner %r has nothing to say: %s", name, error)
        if failed and self._phase.match is Match.ALL:
            told = "; ".join(f"{name}: {error}" for name, error in failed.items())
            msg = f"its scanners must all agree (match = 'all'), and can't: {told}"
            raise DataError(msg)
        candidates = joined(self._in_order(value, found), self._phase.match)
        candidates, dropped = await self._filtered(candidates, scan)
        self._record(
            CandidatesJoined(
                at=ctx.now,
                phase=self._phase.name,
                found={name: len(answer) for name, answer in found.items()},
                failed=failed,
                dropped=dropped,
            )
        )
        return candidates

    def _in_order(
        self, own: Sequence[Candidate], found: Mapping[str, Sequence[Candidate]]
    ) -> list[Sequence[Candidate]]:
        ranked = [(0, own)]
        ranked += [(self._joining.scanners[name].priority, each) for name, each in found.items()]
        return [findings for _, findings in sorted(ranked, key=lambda each: each[0])]

    async def _filtered(
        self, candidates: tuple[Candidate, ...], scan: ScanContext
    ) -> tuple[tuple[Candidate, ...], dict[str, str]]:
        dropped: dict[str, str] = {}
        for name in self._phase.filters:
            reasons = await _judged(name, self._joining.filters.get(name), scan, candidates)
            dropped.update(
                (found.symbol, one_line(f"{name}: {reasons[found.symbol]}"))
                for found in candidates
                if found.symbol in reasons
            )
            candidates = tuple(found for found in candidates if found.symbol not in reasons)
        return candidates, dropped


async def _asked(scanner: Scanner | None, scan: ScanContext) -> Sequence[Candidate] | str:
    """Return what the scanner found, or why it found nothing."""
    if scanner is None:
        return _GONE
    try:
        async with asyncio.timeout(LONGEST.total_seconds()):
            found = tuple(await scanner.scan(scan))
    except asyncio.CancelledError:
        raise
    except TimeoutError:
        return f"no answer within {format_duration(LONGEST)}"
    except BaseException as error:  # noqa: BLE001  a plugin boundary: the other scanners go on
        return one_line(described(error))
    if not all(isinstance(each, Candidate) for each in found):
        return "it returned what is no Candidate: mend its scan"
    return found


async def _judged(
    name: str,
    judge: CandidateFilter | None,
    scan: ScanContext,
    candidates: Sequence[Candidate],
) -> dict[str, str]:
    if judge is None:
        msg = f"filter {name!r} can't say what may be traded: {_GONE}"
        raise DataError(msg)
    try:
        async with asyncio.timeout(LONGEST.total_seconds()):
            return dict(await judge.drop(scan, candidates))
    except TimeoutError:
        why = f"no answer within {format_duration(LONGEST)}"
    except Exception as error:  # noqa: BLE001  a plugin boundary: told with the filter's name
        why = described(error)
    msg = f"filter {name!r} can't say what may be traded: {why}"
    raise DataError(msg)
