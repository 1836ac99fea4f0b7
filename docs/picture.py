"""Draws the README's picture: the screen after a day on the simulator.

Run: python docs/picture.py docs/day.svg, with skim-strategy-orh-breakout installed.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from skim_core.cli.views.live import LiveView
from skim_core.testing.simulate import session_of, simulate_day


def draw(target: Path) -> None:
    """Run the day and write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        session = session_of("XASX", "2026-11-24", directory)
        simulated = simulate_day("orh_breakout", session, directory)
    day = simulated.result.day
    console = Console(record=True, width=112, force_terminal=True, file=io.StringIO())
    with LiveView([day], console) as view:
        for event in simulated.events:
            view.hear(event, day)
    # The whole story is printed when the view closes; what was shown before it is cleared.
    svg = console.export_svg(title="skim start_trading_day --strategy orh_breakout")
    # The page must not fetch a font: a monospaced one is on every machine.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg)
    target.write_text(svg.replace("Fira Code", "ui-monospace"))


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
