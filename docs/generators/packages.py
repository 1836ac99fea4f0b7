"""What the packages under plugins/ bring: their commands and their settings, told by themselves.

They have to be installed, since they are asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from generators.reference import command_lines, described, shown
from pydantic import BaseModel, TypeAdapter

from skim_core.model.times import format_duration
from skim_core.plugins.commands import load_command
from skim_core.plugins.config_model import config_model
from skim_core.plugins.discovery import Group, find
from skim_core.plugins.loading import load, target_of

PLUGINS = Path(__file__).parents[2] / "plugins"

TABLES = {
    Group.STRATEGIES: "strategy",
    Group.EXTENSIONS: "extension",
    Group.BROKERS: "brokers",
}


def entry_points(group: Group) -> dict[str, str]:
    """Return the names that the packages under plugins/ have in a group, with their package."""
    found = {}
    for file in sorted(PLUGINS.glob("*/pyproject.toml")):
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        names = project.get("entry-points", {}).get(str(group), {})
        found |= dict.fromkeys(names, project["name"])
    return found


def commands() -> Iterator[str]:
    """Yield a section for each command that a package brings. Raises as `command_lines` does."""
    for name, package in sorted(entry_points(Group.COMMANDS).items()):
        command = load_command(name)
        below = getattr(command, "commands", None)
        if below is None:
            yield from command_lines(name, command, package)
            continue
        described(f"skim {name}", command.help)
        for inner, one in sorted(below.items()):
            if not one.hidden:
                yield from command_lines(f"{name} {inner}", one, package)


def settings() -> Iterator[str]:
    """Yield a table for each section of the configuration that a plugin reads."""
    for title, package, model in models():
        yield f"### {title}"
        yield ""
        yield f"Read by {package}."
        yield ""
        yield from table(title, model)
        yield ""


def models() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Yield the title of each plugin's section, its package, and its model."""
    yield "brokers.sim", "skim-core", options_of("sim")
    for group, table_name in TABLES.items():
        for name, package in sorted(entry_points(group).items()):
            broker = group is Group.BROKERS
            model = options_of(name) if broker else config_model(load(group, name))
            yield f"{table_name}.{name}", package, model


def options_of(broker: str) -> type[BaseModel]:
    """Return the model of a broker's options: the one that its plugin's module names."""
    module: Any = target_of(find(Group.BROKERS, broker))
    named = [getattr(module, name) for name in module.__all__]
    [model] = [one for one in named if isinstance(one, type) and issubclass(one, BaseModel)]
    return model


def table(title: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the keys of a section. Raises UndocumentedError for one without a description."""
    yield f"| key of `[{title}]` | default | meaning |"
    yield "| --- | --- | --- |"
    for key, field in keys(model):
        meaning = described(f"the setting {title}.{key}", field.description)
        yield f"| `{key}` | {_default(field)} | {shown(meaning)} |"


def keys(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each key with its field, those of tables below it by the whole path."""
    for name, field in model.model_fields.items():
        key = f"{above}{field.alias or name}"
        below = _below(field.annotation)
        if below is None or (below is field.annotation and field.description):
            yield key, field  # a model that is described is written as one value
        elif below is field.annotation:
            yield from keys(below, f"{key}.")
        else:  # tables by names that the user gives
            yield from keys(below, f"{key}.<name>.")


def _below(annotation: Any) -> type[BaseModel] | None:
    """Return the model of a table, or of the tables that stand in a table by their names."""
    inner = get_args(annotation)
    one = annotation if not inner else inner[-1] if inner[0] is str else None
    return one if isinstance(one, type) and issubclass(one, BaseModel) else None


def _default(field: Any) -> str:
    if field.is_required():
        return "none: it is needed"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), frozenset(), {}):
        return "none"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    if isinstance(value, BaseModel):
        return f"`{value.model_dump(mode='json')}`"
    plain = TypeAdapter(Any).dump_python(value, mode="json")
    if isinstance(plain, list):
        return shown(", ".join(f"`{one}`" for one in plain))
    return (
        f"`{str(plain).lower() if isinstance(plain, bool) else plain}`" if plain != "" else "none"
    )
