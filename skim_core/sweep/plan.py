"""What a sweep is made of: which combinations, each a replay by the digest of its plan."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from skim_core.model.base import Model, Name
from skim_core.model.session import Mic
from skim_core.sweep.grid import Parameter


class Combination(Model):
    """One combination of the parameters' values, numbered from 1.

    `digest` is that of its replay's plan, None where the strategy refuses the values;
    `refused` then says why.
    """

    number: Annotated[int, Field(ge=1)]
    values: dict[str, str]
    digest: str | None
    refused: str = ""


class SweepPlan(Model):
    """A sweep that can be gone on with: the same plan gives the same results."""

    kind: Literal["sweep_plan"] = "sweep_plan"
    format: Literal[1] = 1
    strategy: Name
    exchange: Mic
    first: date
    last: date
    sessions: Annotated[int, Field(ge=1)]
    capital: Decimal
    parameters: Annotated[tuple[Parameter, ...], Field(min_length=1)]
    combinations: Annotated[tuple[Combination, ...], Field(min_length=1)]

    @property
    def digest(self) -> str:
        """A SHA-256 of the plan, in hex: equal for equal plans."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def name(self) -> str:
        """The sweep's name: its strategy, its dates and the beginning of its digest."""
        return f"{self.strategy}_{self.first}_{self.last}_{self.digest[:8]}"

    def run_name(self, number: int) -> str:
        """Return the name of a combination's folder: its number, filled up with zeros."""
        return f"{number:0{max(3, len(str(len(self.combinations))))}}"
