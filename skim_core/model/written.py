"""Values as skim's documents and tables have them: exact, the same everywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from skim_core.model.times import format_duration


def written(value: object) -> str:
    """Return a time (UTC, ISO 8601), a date, an exact number or a length of time as text.

    Raises TypeError for anything else.

    >>> written(Decimal("1E+2")), written(timedelta(minutes=90)), written(date(2025, 1, 6))
    ('100', '1h30m', '2025-01-06')
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, timedelta):
        return format_duration(value)
    msg = f"a {type(value).__name__} has no form in a document"
    raise TypeError(msg)
