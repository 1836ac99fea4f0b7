"""``new_strategy`` and ``try``: what a strategy's author begins with."""

from __future__ import annotations

import shlex
import tempfile
from contextlib import ExitStack
from pathlib import Path

from skim_core.cli.days.start import start
from skim_core.cli.output import echo, print_json
from skim_core.cli.wanted import Wanted
from skim_core.doctor.environment import this_interpreter
from skim_core.errors import ConfigError, nearest
from skim_core.exits import ExitCode
from skim_core.plugins.discovery import Group, available
from skim_core.plugins.one_file import read_strategy, strategy_in_file
from skim_core.plugins.strategies import load_strategy
from skim_core.scaffold.rendering import NewStrategy, Template, render, strategy_name


def new_strategy(
    name: str, template: Template | None, out: Path | None, source: Path | None, *, as_json: bool
) -> int:
    """Write a new strategy's package and say what to do with it; return the exit code.

    Raises ConfigError for a name that can't be one, for a folder that is there already and for
    a file that is no strategy; also when both a template and a file are named.
    """
    text = None
    if source is not None:
        if template is not None:
            msg = "--from makes a package of a file, --template of a template: choose one."
            raise ConfigError(msg)
        text = read_strategy(source)
        with strategy_in_file(source) as found:
            load_strategy(found)
    new = NewStrategy(strategy_name(name), template or Template.MINIMAL, text)
    folder = (out or Path()) / new.distribution
    files = render(new)
    _write(folder, files)
    if as_json:
        print_json({"name": new.name, "folder": folder.absolute(), "files": list(files)})
        return ExitCode.DONE
    echo(f"{folder} is a package for the strategy {new.name}:", "title")
    for path in files:
        echo(f"  {path}")
    taken = [plugin for plugin in available(Group.STRATEGIES) if plugin.name == new.name]
    if taken:
        echo(
            f"{taken[0].distribution} is installed and has a strategy {new.name} already: choose "
            "another name before you install this one.",
            "warning",
        )
    here = this_interpreter()
    quoted = shlex.quote(str(folder))
    echo("Next:")
    echo(f"  cd {quoted}")
    echo(here.exact("  'pip install -e '.[dev]'").replace("  '", "  ", 1))
    echo("  pytest")
    echo("  skim check .")
    echo(f"  skim start_trading_day --strategy {new.name}")
    return ExitCode.DONE


def try_strategy(file: Path, keep: Path | None, wanted: Wanted) -> int:
    """Run a one-file strategy for a simulated day; return the exit code of the day.

    Nothing is kept but in `keep`, and nobody is notified. Raises as starting a day does.
    """
    with ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="skim-try-")))
        else:
            folder = keep
        name = stack.enter_context(strategy_in_file(file))
        code = start([name], wanted.in_folder(folder))
    if keep is not None and not wanted.as_json:
        kept = shlex.quote(str(keep))
        echo(f"What happened is kept: SKIM_DIRECTORY={kept} skim explain --strategy {name}")
    if code == ExitCode.DONE and not wanted.as_json:
        quoted = shlex.quote(str(file))
        echo(f"To make a package of it: skim new-strategy {name} --from {quoted}", "aside")
    return code


def template_of(text: str | None) -> Template | None:
    """Return the template of that name; None for None. Raises ConfigError for an unknown one."""
    if text is None:
        return None
    try:
        return Template(text)
    except ValueError:
        known = [template.value for template in Template]
        msg = f"there is no template {text!r}{nearest(text, known)}: there are {', '.join(known)}."
        raise ConfigError(msg) from None


def _write(folder: Path, files: dict[str, str]) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = (
            f"{folder} is there already, and nothing in it is overwritten: give another name, or "
            "another place with --out."
        )
        raise ConfigError(msg)
    try:
        for path, text in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{folder} can't be written ({error.strerror}): name another place with --out."
        raise ConfigError(msg) from None
