"""Where the time of a replay of the ORB reference goes, by layer.

Run: python bench/orb/layers.py [--symbols 200] [--days 20]

By cProfile, whose own cost weighs on small functions: read the shares, not the seconds.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
from collections import Counter
from pathlib import Path

import market
from with_skim import main as replay

LAYERS = (
    (
        "loading bars (polars)",
        ("polars", "sim/recorded", "sim/recording", "sim/tables", "sim/parquet", "sim/checks"),
    ),
    ("the strategy", ("skim_strategy_",)),
    ("numpy", ("numpy",)),
    ("simulated exchange", ("skim_core/sim/",)),
    ("decisions: sequencer, book, risk, protection", ("skim_core/decide/",)),
    ("engine: days, attempts, desk", ("skim_core/engine/",)),
    ("models and their JSON", ("skim_core/model/", "pydantic")),
    ("clock and ports", ("skim_core/clock/", "skim_core/ports/")),
    ("journal in memory, replay's own", ("skim_core/journal/", "skim_core/replay/")),
    ("plugin call (pluggy)", ("skim_core/plugins/", "pluggy")),
    ("asyncio", ("asyncio", "selectors")),
)


def layer_of(function: tuple[str, int, str], callers: dict[tuple[str, int, str], object]) -> str:
    """Return the layer of a function; a built-in one is its first caller's."""
    place = function[0] if function[0] != "~" else next((c[0] for c in callers), "~")
    found = (name for name, parts in LAYERS if any(part in place for part in parts))
    if function[0] == "~" and "pydantic_core" in function[2]:
        return "models and their JSON"
    return next(found, "Python: imports, dataclasses, decimals, the rest")


def main() -> None:
    """Print each layer's share of the time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--symbols", type=int, default=200)
    parser.add_argument("--days", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        market.write(market.generate(asked.symbols, asked.days), data)
        profile = cProfile.Profile()
        profile.enable()
        replay(data, Path(name) / "trades.csv", 1)
        profile.disable()
    spent: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for function, (_, count, own, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        layer = layer_of(function, callers)
        spent[layer] += own
        calls[layer] += count
    total = sum(spent.values())
    print("| layer | share of the time | calls |")
    print("| --- | ---: | ---: |")
    for layer, seconds in spent.most_common():
        print(f"| {layer} | {seconds / total:.0%} | {calls[layer]:,} |")


if __name__ == "__main__":
    main()
