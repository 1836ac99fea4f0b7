"""The identity of one run of a strategy."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from pydantic import Field

from skim_core.model.base import Model, Name
from skim_core.model.session import Session


class TradingDay(Model):
    """One run: (strategy, session, account). Starting it twice is starting it once."""

    strategy: Name
    session: Session
    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9._\-]{1,40}$")]

    @cached_property
    def run_id(self) -> str:
        """The day's identity, derived from what it is, such as ``orb/XASX/2026-01-05/paper``."""
        return f"{self.strategy}/{self.session.exchange}/{self.session.date}/{self.account}"
