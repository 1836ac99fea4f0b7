"""What every event has."""

from __future__ import annotations

from skim_core.model.base import Model, UtcDatetime


class _Event(Model):
    """One fact of a day; `at` is the instant of the day's clock."""

    at: UtcDatetime
