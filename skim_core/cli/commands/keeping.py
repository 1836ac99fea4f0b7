"""The commands that keep the journal safe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from skim_core.cli.options import AsJson, Config, Debug


def backup(
    target: Annotated[
        Optional[Path],  # noqa: UP045  typer evaluates it on Python 3.11 too
        typer.Argument(metavar="FILE", help="The copy; else backups/journal-<time>.sqlite."),
    ] = None,
    config: Config = None,
    *,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Copy the journal while days run, and prove the copy."""
    from skim_core.cli.backup import make_backup
    from skim_core.cli.wanted import Wanted

    raise typer.Exit(make_backup(target, Wanted(config, as_json=as_json, debug=debug)))


def restore(
    backup: Annotated[Path, typer.Argument(metavar="FILE", help="A copy of 'skim backup'.")],
    config: Config = None,
    *,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Put a copy in the journal's place.

    The journal that was there is moved aside.
    """
    from skim_core.cli.backup import restore_backup
    from skim_core.cli.wanted import Wanted

    raise typer.Exit(restore_backup(backup, Wanted(config, as_json=as_json, debug=debug)))
