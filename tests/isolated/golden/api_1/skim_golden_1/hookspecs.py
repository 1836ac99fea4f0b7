"""The hook of the strategy's own phase."""

from __future__ import annotations

from collections.abc import Sequence

from skim_core import Candidate, Context, hookspec
from skim_golden_1.config import Config


@hookspec(firstresult=True)
def skim_rank(ctx: Context[Config]) -> Sequence[Candidate]:
    """Rank the candidates by how much they trade."""
    raise NotImplementedError
