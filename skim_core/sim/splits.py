"""Whether an open so far from the previous close is a split or a consolidation of shares.

Recorded prices are raw, and nothing in them says that a company exchanged its shares for
more or fewer. On 277,000 daily bars of the ASX (July 2023 to February 2024) every open at
least eight times the close before, or an eighth of it, that was looked into was one; between
twice and eight times most were news or single ticks of a share of less than a cent. So there
only a whole ratio counts, on prices that ticks are small against.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange

LEAST = 1.9
"""Below this many times nothing is looked into: it is no split that can be told from a gap."""

_CERTAIN = 8
_NEAR = Decimal("0.03")
_FINE = Decimal("0.01")


def probable_split(previous: Decimal, opened: Decimal, rules: Exchange) -> str:
    """Return what a session's first price makes probable: ``7:1 split``; '' for nothing.

    A ratio that is not whole within three per cent is told as ``about``.

    >>> from skim_core.calendar.exchanges import load_exchange
    >>> probable_split(Decimal("645.57"), Decimal("92.69"), load_exchange("XNYS"))
    '7:1 split'
    """
    up = opened > previous
    ratio = opened / previous if up else previous / opened
    whole = int(ratio + Decimal("0.5"))
    near = whole > 1 and abs(ratio / whole - 1) <= _NEAR
    fine = all(rules.tick(price) <= price * _FINE for price in (previous, opened))
    if ratio < _CERTAIN and not (near and fine):
        return ""
    about = "" if near else "about "
    return f"{about}1:{whole} consolidation" if up else f"{about}{whole}:1 split"
