"""How good a Sharpe ratio is, and how much of it may be luck.

The formulas are those of D. H. Bailey and M. López de Prado, "The Deflated Sharpe Ratio:
Correcting for Selection Bias, Backtest Overfitting and Non-Normality", Journal of Portfolio
Management 40 (5), 2014. Ratios are per session unless they are said to be annual.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist

SESSIONS_A_YEAR = 252
"""What makes a ratio per session an annual one, by convention: its square root."""

_PLACES = Decimal("0.0001")
_EULER = 0.5772156649015329
"""The Euler-Mascheroni constant."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Moments:
    """What is known of the profits of `count` sessions: Sharpe ratio and form.

    `kurtosis` is that of the fourth moment, 3 for normally distributed profits.
    """

    count: int
    sharpe: float
    skewness: float
    kurtosis: float


def annual_sharpe(profits: Sequence[Decimal]) -> Decimal | None:
    """Return the annual Sharpe ratio of sessions' profits, with four places.

    It is mean / standard deviation (with n - 1) of the profits of all sessions, those without
    a trade counted as 0, times the square root of 252. Each session begins with the same
    capital, so that profits give what returns on it would. Nothing is taken off for an
    interest rate. None for fewer than two sessions, and when all came to the same.
    """
    count = len(profits)
    if count < 2:  # noqa: PLR2004  one has no deviation
        return None
    mean = sum(profits, Decimal(0)) / count
    variance = sum(((profit - mean) ** 2 for profit in profits), Decimal(0)) / (count - 1)
    if all(profit == profits[0] for profit in profits):
        return None
    return (mean / variance.sqrt() * Decimal(SESSIONS_A_YEAR).sqrt()).quantize(_PLACES)


def moments(profits: Sequence[Decimal]) -> Moments | None:
    """Return the moments of sessions' profits; None where there is no Sharpe ratio."""
    count = len(profits)
    if count < 2 or all(profit == profits[0] for profit in profits):  # noqa: PLR2004
        return None
    values = [float(profit) for profit in profits]
    mean = math.fsum(values) / count
    second, third, fourth = (
        math.fsum((value - mean) ** power for value in values) / count for power in (2, 3, 4)
    )
    return Moments(
        count=count,
        sharpe=mean / math.sqrt(second * count / (count - 1)),
        skewness=third / second**1.5,
        kurtosis=fourth / second**2,
    )


def luck(sharpes: Sequence[float]) -> float:
    """Return the highest ratio that is to be expected of so many tries without any edge.

    For N tries whose ratios have the variance V it is the paper's SR0::

        sqrt(V) * ((1 - g) * Z(1 - 1 / N) + g * Z(1 - 1 / (N * e)))

    with the Euler-Mascheroni constant g and the normal distribution's quantiles Z. It is 0 for
    one try, of which nothing was chosen. The tries are taken to be independent.
    """
    tries = len(sharpes)
    if tries < 2:  # noqa: PLR2004
        return 0.0
    mean = math.fsum(sharpes) / tries
    variance = math.fsum((sharpe - mean) ** 2 for sharpe in sharpes) / (tries - 1)
    return expected_maximum(tries, variance)


def expected_maximum(tries: int, variance: float) -> float:
    """Return the paper's SR0 of `tries` (two or more) whose ratios have this variance."""
    ordinary = _NORMAL.inv_cdf(1 - 1 / tries)
    extreme = _NORMAL.inv_cdf(1 - 1 / (tries * math.e))
    return math.sqrt(variance) * ((1 - _EULER) * ordinary + _EULER * extreme)


def deflated(found: Moments, threshold: float) -> float | None:
    """Return how sure it is, from 0 to 1, that a true ratio is above `threshold`.

    With the threshold `luck` it is the deflated Sharpe ratio, the paper's DSR of a ratio SR
    over T sessions of skewness s and kurtosis k::

        Phi((SR - SR0) * sqrt(T - 1) / sqrt(1 - s * SR + (k - 1) / 4 * SR**2))

    None where the profits take two values only, of which no spread can be told.
    """
    ratio = found.sharpe
    spread = 1 - found.skewness * ratio + (found.kurtosis - 1) / 4 * ratio**2
    if spread <= 0:
        return None
    return _NORMAL.cdf((ratio - threshold) * math.sqrt(found.count - 1) / math.sqrt(spread))
