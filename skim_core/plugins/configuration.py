"""Validates a strategy's section of the configuration with the strategy's own model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from skim_core.errors import ConfigError, nearest
from skim_core.model.secrecy import is_secret
from skim_core.plugins.strategies import PHASES_KEY, RESERVED, StrategyPlugin


def validate_config(strategy: StrategyPlugin, section: Mapping[str, Any]) -> BaseModel:
    """Return a strategy's configuration, made from its section ``[strategy.<name>]``.

    The overrides of its phases, under ``phases``, are not looked at. Unknown keys are refused
    whatever the model says, unless it allows them. Raises ConfigError with a line for each
    fault, naming the key; the value of a secret is never shown.
    """
    values = {key: value for key, value in section.items() if key != PHASES_KEY}
    return validated(strategy.config_model, f"strategy.{strategy.name}", values, tuple(RESERVED))


def validated(
    model: type[BaseModel], table: str, values: Mapping[str, Any], beside: Sequence[str] = ()
) -> BaseModel:
    """Return the `model` made from the `values` of the configuration's ``[<table>]``.

    As `validate_config`, which raises what this does. `beside`: the keys of the table that are
    skim's, which a misspelt one may have meant.
    """
    allowed = model.model_config.get("extra") == "allow"
    try:
        return model.model_validate(values, extra=None if allowed else "forbid")
    except ValidationError as error:
        faults = error.errors(include_url=False)
    # Raised outside, so that no traceback carries pydantic's error with the values in it.
    lines = [f"[{table}] {_told(model, fault, beside)}" for fault in faults]
    raise ConfigError("\n".join(lines))


def _told(model: type[BaseModel], fault: ErrorDetails, beside: Sequence[str]) -> str:
    path = fault["loc"]
    key = ".".join(str(part) for part in path)
    if fault["type"] == "extra_forbidden":
        known = _keys(_model_at(model, path[:-1]))
        hint = nearest(str(path[-1]), [*known, *(beside if len(path) == 1 else ())])
        keys = f"the keys are {', '.join(known)}" if known else "it takes no keys here"
        return f"{key}: there is no such key{hint}: {keys}."
    if fault["type"] == "missing":
        return f"{key}: it is missing and has no default: set it."
    if not path:
        return f"{_reason(fault)}."
    if any(is_secret(str(part)) for part in path) or _leads_to_secret(model, path):
        return f"{key}: its value is not accepted (and not shown): set a correct one."
    shown = f" (found {fault['input']!r})" if isinstance(fault["input"], str | int | float) else ""
    return f"{key}: {_reason(fault)}{shown}."


def _reason(fault: ErrorDetails) -> str:
    said = fault["msg"].removeprefix("Value error, ").removesuffix(".")
    # It stands after the key, which is what was put in.
    said = said.replace("a valid decimal", "a number")
    return said.replace("Input should be", "it must be")


def _named(field: FieldInfo, name: str) -> set[str]:
    return {
        name,
        *(alias for alias in (field.alias, field.validation_alias) if isinstance(alias, str)),
    }


def _keys(model: type[BaseModel] | None) -> list[str]:
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _field_at(model: type[BaseModel], key: object) -> FieldInfo | None:
    for name, field in model.model_fields.items():
        if key in _named(field, name):
            return field
    return None


def _model_at(model: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the model that a path of keys leads to, or None when it leads to no single one."""
    for key in path:
        field = _field_at(model, key)
        parts = list(_parts(field.annotation)) if field else []
        nested = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
        if len(nested) != 1:
            return None
        model = nested[0]
    return model


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield a type and every type inside it."""
    yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def _leads_to_secret(model: type[BaseModel], path: tuple[int | str, ...]) -> bool:
    """Whether a path leads to a secret, to what holds one, or can't be told (an alias path)."""
    keys = iter(path)
    for key in keys:
        field = _field_at(model, key)
        if field is None or not field.repr:
            return True
        annotation = field.annotation
        nested = [each for each in _parts(annotation) if _is_model(each)]
        if len(nested) != 1:
            return _holds_secret(annotation)
        model = nested[0]
        if not _is_model(annotation):
            next(keys, None)  # the key of a table, or the place in a list
    return _holds_secret(model)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _holds_secret(annotation: Any, seen: frozenset[Any] = frozenset()) -> bool:
    for part in _parts(annotation):
        # Secret[int] is no class.
        if get_origin(part) is Secret:
            return True
        if not isinstance(part, type) or part in seen:
            continue
        if issubclass(part, (Secret, SecretStr, SecretBytes)):
            return True
        if issubclass(part, BaseModel) and any(
            not field.repr or _holds_secret(field.annotation, seen | {part})
            for field in part.model_fields.values()
        ):
            return True
    return False
