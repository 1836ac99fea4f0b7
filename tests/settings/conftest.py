from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from skim_core.settings import Settings, load_settings

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load settings from the text of a file, variables and options; SKIM_ is added."""

    def from_text(text: str | bytes = "", options: dict[str, str] | None = None, **variables: str):
        path = tmp_path / "skim.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        environment = {f"SKIM_{name}": value for name, value in variables.items()}
        return load_settings(path, environment, options)

    return from_text
