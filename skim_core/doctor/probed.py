"""What the probe's process does: load the plugin as a day would, and write down how it went."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from skim_core.doctor.findings import Cause
from skim_core.errors import ConfigError, PluginError, SkimError
from skim_core.model.text import one_line
from skim_core.plugins.commands import command_of
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.discovery import Group, PluginInfo
from skim_core.plugins.faults import RefusedError
from skim_core.plugins.loading import plugin_of, require, target_of
from skim_core.plugins.phases import configured_graph
from skim_core.plugins.strategies import StrategyPlugin, strategy_of
from skim_core.settings import load_settings

_NEEDED = {Group.BROKERS: "skim_make_broker", Group.ENGINES: "skim_make_engine"}


def answer(file: Path, question: Mapping[str, Any]) -> None:
    """Load the plugin that is asked for and write the answer to `file`, as JSON."""
    fields = question["plugin"]
    plugin = PluginInfo(**{**fields, "group": Group(fields["group"]), "conflict": ()})
    config = Path(question["config"]) if question["config"] else None
    told = _load(plugin, config)
    file.write_text(json.dumps(told), encoding="utf-8")


def _load(plugin: PluginInfo, config: Path | None) -> dict[str, Any]:
    began = perf_counter()
    try:
        target = target_of(plugin)
        taken = round((perf_counter() - began) * 1000)
    except RefusedError as error:
        return _told(Cause(error.kind), error, None)
    try:
        if plugin.group is Group.COMMANDS:
            command_of(plugin, target)
            return {"cause": None, "fault": "", "milliseconds": taken}
        loaded = plugin_of(plugin, target)
        if plugin.group in _NEEDED:
            require(loaded, _NEEDED[plugin.group])
        if plugin.group is Group.STRATEGIES:
            _check_section(strategy_of(loaded), config)
    except ConfigError as error:
        return _told(Cause.FAULTY_CONFIGURATION, error, taken)
    except PluginError as error:
        return _told(Cause.BREAKS_CONTRACT, error, taken)
    return {"cause": None, "fault": "", "milliseconds": taken}


def _told(cause: Cause, error: SkimError, milliseconds: int | None) -> dict[str, Any]:
    fault = one_line(str(error), 2000)
    return {"cause": cause.value, "fault": fault, "milliseconds": milliseconds}


def _check_section(strategy: StrategyPlugin, config: Path | None) -> None:
    """Check a strategy's section; a file that can't be read is told elsewhere, once."""
    try:
        settings = load_settings(config, os.environ)
    except ConfigError:
        return
    section, policies = settings.strategy(strategy.name)
    validate_config(strategy, section)
    configured_graph(strategy, policies, settings.where)


if __name__ == "__main__":
    answer(Path(sys.argv[1]), json.loads(sys.argv[2]))
