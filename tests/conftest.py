"""How much the property-based tests try."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ci", max_examples=100, deadline=None)
settings.load_profile("ci")
