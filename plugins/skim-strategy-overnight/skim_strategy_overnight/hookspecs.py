"""The hooks of this strategy's own phases."""

from __future__ import annotations

from collections.abc import Sequence

from skim_core import Candidate, Context, hookspec
from skim_strategy_overnight.config import OvernightConfig


@hookspec(firstresult=True)
def skim_rank(ctx: Context[OvernightConfig]) -> Sequence[Candidate]:
    """Rank the shares that close strongest, the strongest first. They are the day's candidates.

    :param ctx: the phase's context.
    :return: the candidates, possibly none.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_enter(ctx: Context[OvernightConfig]) -> None:
    """Buy the first of the ranks, each with its stop, to be held over the night.

    :param ctx: the phase's context.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_exit(ctx: Context[OvernightConfig]) -> None:
    """Sell what was held over the night, and nothing that was bought today.

    :param ctx: the phase's context.
    """
    raise NotImplementedError
