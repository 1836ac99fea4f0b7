"""What a configuration makes of the declared phases: changed, left out, added, in another order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skim_core.errors import GraphError, nearest
from skim_core.model.phases import Phase

ENABLED = "enabled"
"""Not a field of a phase: ``enabled = false`` leaves the phase out."""

NONE = "none"
"""How a file without a null takes a time, a window or a limit away from a phase."""

_OPTIONAL = frozenset({"at", "deadline", "every", "between", "give_up_after", "shared"})


def overridden(declared: Sequence[Phase], policies: Mapping[str, Mapping[str, Any]]) -> list[Phase]:
    """Return the declared phases with policy fields replaced, and those that are added last.

    Those that are left out are still among them: see `without`. Raises GraphError naming
    the phase whose table is at fault.
    """
    known = {phase.name: phase for phase in declared}
    for name, policy in policies.items():
        _check_fields(name, policy, added=name not in known)
    for name in policies:
        if name not in known and "hook" not in policies[name]:
            msg = (
                f"there is no phase {name!r} to override{nearest(name, known)}: the phases are "
                f"{', '.join(known)}. To add one, say which hook it runs: hook = 'skim_...'."
            )
            raise GraphError(msg, phase=name)
    changed = [_overridden(phase, policies.get(phase.name, {})) for phase in declared]
    added = [_made(name, _read(policies[name])) for name in policies if name not in known]
    phases = [*changed, *added]
    _check_left_out(known, phases, policies)
    return phases


def left_out(policies: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Return the names of the phases that ``enabled = false`` leaves out."""
    return frozenset(name for name, policy in policies.items() if policy.get(ENABLED) is False)


def without(phases: Sequence[Phase], names: frozenset[str]) -> list[Phase]:
    """Return the phases without those of `names`.

    What came after one of them comes after what that one came after. Raises GraphError when
    nothing would be left.
    """
    if not names:
        return list(phases)
    before = {phase.name: phase.after for phase in phases}

    def kept(after: Sequence[str]) -> Iterator[str]:
        for name in after:
            yield from kept(before[name]) if name in names else (name,)

    remaining = [phase for phase in phases if phase.name not in names]
    if not remaining:
        msg = "every phase is left out (enabled = false): leave one in."
        raise GraphError(msg)
    return [
        phase.model_copy(update={"after": tuple(dict.fromkeys(kept(phase.after)))})
        if not names.isdisjoint(phase.after)
        else phase
        for phase in remaining
    ]


@dataclass(frozen=True)
class Change:
    """A field of a phase with another value than the declared one; both as JSON writes them."""

    declared: Any
    now: Any


@dataclass(frozen=True)
class Changes:
    """How a graph differs from the declared one; `fields` by phase and field."""

    added: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    fields: Mapping[str, Mapping[str, Change]] = field(default_factory=dict)


def changes(declared: Iterable[Phase], now: Iterable[Phase]) -> Changes:
    """Return how phases differ from the declared ones."""
    before, after = ({phase.name: phase for phase in each} for each in (declared, now))
    fields: dict[str, Mapping[str, Change]] = {}
    for name, phase in after.items():
        if name in before and before[name] != phase:
            then, written = before[name].model_dump(mode="json"), phase.model_dump(mode="json")
            fields[name] = {
                key: Change(then[key], value)
                for key, value in written.items()
                if then[key] != value
            }
    return Changes(
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        fields,
    )


def _check_fields(name: str, policy: Mapping[str, Any], *, added: bool) -> None:
    if not added and "name" in policy:
        msg = f"phase {name!r} can't be renamed by an override: remove 'name'."
        raise GraphError(msg, phase=name)
    fields = [key for key in Phase.model_fields if key != "name"]
    for key in policy:
        if key != ENABLED and key not in fields:
            hint = nearest(key, (*fields, ENABLED))
            msg = (
                f"phase {name!r} has no policy field {key!r}{hint}: "
                f"it takes {', '.join(fields)} and {ENABLED}."
            )
            raise GraphError(msg, phase=name)
    if not isinstance(policy.get(ENABLED, True), bool):
        msg = f"phase {name!r} enabled: must be true or false, found {policy[ENABLED]!r}."
        raise GraphError(msg, phase=name)


def _check_left_out(
    declared: Mapping[str, Phase],
    phases: Sequence[Phase],
    policies: Mapping[str, Mapping[str, Any]],
) -> None:
    names = left_out(policies)
    for phase in phases:
        if phase.name in names and phase.protective:
            msg = (
                f"phase {phase.name!r} is protective: it watches over what is open, so "
                "'enabled = false' alone doesn't leave it out. Write 'protective = false' beside "
                "it if the stops at the broker are enough."
            )
            raise GraphError(msg, phase=phase.name)
        if phase.name in names or "after" not in policies.get(phase.name, {}):
            continue
        for name in phase.after:
            if name in names:
                instead = ", ".join(declared[name].after if name in declared else ())
                comes = f"it came after {instead}" if instead else "it waited for no other"
                msg = (
                    f"phase {phase.name!r} comes after {name!r}, which is left out "
                    f"(enabled = false): name another phase ({comes}), or leave {name} in."
                )
                raise GraphError(msg, phase=phase.name)


def _overridden(phase: Phase, policy: Mapping[str, Any]) -> Phase:
    fields = _read(policy)
    if not fields:
        return phase
    declared = phase.model_dump()
    merged = {
        key: {**declared[key], **value}
        if isinstance(value, Mapping) and isinstance(declared.get(key), Mapping)
        else value
        for key, value in fields.items()
    }
    return _made(phase.name, {**declared, **merged})


def _read(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: None if key in _OPTIONAL and value == NONE else value
        for key, value in policy.items()
        if key != ENABLED
    }


def _made(name: str, fields: Mapping[str, Any]) -> Phase:
    try:
        return Phase(**{**fields, "name": name})
    except GraphError as error:
        raise GraphError(str(error), phase=name) from error
