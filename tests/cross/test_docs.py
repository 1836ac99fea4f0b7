"""What the docs and the README show runs as written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skim_core.ports.engine import DayEnd
from skim_core.testing.simulate import session_of, simulate_day

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["README.md", "docs/write-a-strategy.md"])
def test_the_strategy_on_the_page_runs_a_day_and_trades(page, tmp_path, monkeypatch):
    code = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)[0]
    name = "page_" + re.sub(r"\W", "_", page.lower())
    (tmp_path / f"{name}.py").write_text(code)
    metadata = tmp_path / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[skim.strategies]\n{name} = {name}\n")
    monkeypatch.syspath_prepend(tmp_path)
    day = simulate_day(name, session_of("XASX", "2026-11-24", tmp_path), tmp_path / "broker")
    assert day.result.end is DayEnd.COMPLETED
    assert day.trades
    assert not day.book.positions
