"""The reference pages' parts that the code itself tells: one list of Markdown lines each.

Whatever has no description is refused: a setting, command, option, error or exit code without one
ends the build.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import typer.main

import skim_core
from skim_core.cli.error_reference import explained
from skim_core.errors import SkimError
from skim_core.exits import ExitCode
from skim_core.settings import describe


class UndocumentedError(Exception):
    """Something that users meet says nothing of itself."""


def described(what: str, text: str | None) -> str:
    """Return the description of `what` on one line. Raises UndocumentedError when it has none."""
    if not text or not text.strip():
        msg = f"{what} is undocumented: describe it where it is declared."
        raise UndocumentedError(msg)
    return " ".join(text.split())


def settings() -> Iterator[str]:
    """Yield every key of the configuration, as the settings describe themselves."""
    yield "| key | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for row in describe():
        meaning = described(f"the setting {row.key}", row.description)
        yield f"| `{row.key}` | {shown(row.type)} | {shown(row.default)} | {shown(meaning)} |"


def exit_codes() -> Iterator[str]:
    """Yield every exit code with its meaning."""
    yield "| code | name | meaning |"
    yield "| --- | --- | --- |"
    for code in ExitCode:
        yield f"| {code.value} | `{code.name}` | {described(code.name, code.meaning)} |"


def errors() -> Iterator[str]:
    """Yield every error of skim's own: its code, which is its page, what it is, its exit code."""
    yield "| code | what it is | exit code |"
    yield "| --- | --- | --- |"
    for one in explained():
        if not one.code:
            msg = f"{one.name} has no code of its own."
            raise UndocumentedError(msg)
        summary = described(one.name, one.summary)
        yield f"| [{one.code}](errors/{one.code}.md) | {summary} | {one.exit_code} |"


def error(code: str) -> Iterator[str]:
    """Yield the page of one error, as `skim errors CODE` tells it."""
    [one] = [each for each in explained() if each.code == code]
    yield f"`skim_core.errors.{one.name}`, exit code {one.exit_code}."
    yield ""
    yield from one.text.splitlines()


def every_error_anywhere() -> set[type[SkimError]]:
    """Return the errors of every module of the core, so that none stands outside its list."""
    for module in pkgutil.walk_packages(skim_core.__path__, "skim_core."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, left = set(), [SkimError]
    while left:
        error = left.pop()
        found.add(error)
        left += error.__subclasses__()
    return {error for error in found if error.__module__.startswith("skim_core")}


def commands(app: typer.Typer) -> Iterator[str]:
    """Yield a section for each command of the command line: what it does, takes and is given."""
    group: Any = typer.main.get_command(app)
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        inner = getattr(command, "commands", {})
        if inner:
            described(f"skim {name}", command.help)
            for below, one in sorted(inner.items()):
                yield from command_lines(f"{name} {below}", one)
        else:
            yield from command_lines(name, command)


def command_lines(name: str, command: Any, package: str = "") -> Iterator[str]:
    """Yield one command's section, with the package that brings it. Raises UndocumentedError for what says nothing of itself."""
    what = f"skim {name}"
    described(what, command.help)
    yield f"## {name}"
    yield ""
    if package:
        yield f"Comes with {package}."
        yield ""
    yield from _paragraphs(inspect.cleandoc(command.help))
    yield ""
    taken = [one for one in command.params if one.name != "help"]
    if not taken:
        return
    yield f"| `{what}` takes | meaning |"
    yield "| --- | --- |"
    for one in taken:
        meaning = described(f"{one.name} of {what}", one.help)
        given = _given(one).replace("|", r"\|")
        yield f"| `{given}` | {shown(meaning)} |"
    yield ""


def _given(one: Any) -> str:
    if one.param_type_name == "argument":
        name = str(one.metavar or one.name.upper())
        return name if one.required else f"[{name}]"
    names = ", ".join([*one.opts, *one.secondary_opts])
    value = one.metavar or one.name.upper()
    return names if one.is_flag else f"{names} {value}"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        yield shown(" ".join(paragraph.split()))
        yield ""


def shown(text: object) -> str:
    """Return text as a table or a paragraph can hold it."""
    return str(text).replace("<", "&lt;").replace("|", "\\|").replace("$", "\\$")
