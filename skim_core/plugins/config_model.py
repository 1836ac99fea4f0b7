"""The model of a plugin's own section of the configuration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from skim_core.plugins.faults import guarded, refuse
from skim_core.plugins.loading import Plugin


class NoSettings(BaseModel):
    """The configuration of a plugin that has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def config_model(plugin: Plugin) -> type[BaseModel]:
    """Return what the plugin's `skim_config_model` returns; `NoSettings` when it has none.

    Raises PluginError for anything that is no pydantic model.
    """
    if not plugin.implements("skim_config_model"):
        return NoSettings
    with guarded(plugin.info, "skim_config_model"):
        model = plugin.call("skim_config_model")
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        fault = (
            f"skim_config_model returned {shown(model)}: return a pydantic model, the class "
            "and not an instance."
        )
        raise refuse(plugin.info, fault)
    return model


def shown(value: object) -> str:
    """Return what a hook returned, for a message."""
    return "None" if value is None else f"a {type(value).__name__}"
