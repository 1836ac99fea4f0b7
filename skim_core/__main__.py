"""``python -m skim_core`` is ``skim``."""

from skim_core.cli.main import run

run()
