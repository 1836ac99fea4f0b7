"""Hypothesis strategies for markets: shares, tapes and bars as a session may bring them.

Needs hypothesis, which skim-core itself does not install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_core.faces import lazy

if TYPE_CHECKING:
    from skim_core.testing.drawing import bars as bars
    from skim_core.testing.drawing import shares as shares
    from skim_core.testing.drawing import tapes as tapes

_HOMES = {
    "bars": "testing.drawing",
    "shares": "testing.drawing",
    "tapes": "testing.drawing",
}

__all__ = list(_HOMES)

__getattr__ = lazy(__name__, _HOMES)
