"""The market that the options of the simulated exchange name."""

from __future__ import annotations

from pathlib import Path

from skim_core.sim.data import Feed
from skim_core.sim.generated import GeneratedFeed
from skim_core.sim.options import SimOptions
from skim_core.sim.recorded import RecordedFeed


def make_feed(options: SimOptions, remembered_in: Path | None = None) -> Feed:
    """Return recorded bars when the option `data` is set, else a generated market.

    `remembered_in` is the folder that remembers which recorded files are sound.
    Raises ConfigError and DataError as `RecordedFeed` does.
    """
    if options.data is not None:
        return RecordedFeed(options.data, remembered_in)
    return GeneratedFeed(seed=options.seed, symbols=options.symbols)
