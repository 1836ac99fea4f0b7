"""What a package needs, and whether that is here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from platform import python_version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from skim_core.doctor.findings import Cause, Finding
from skim_core.doctor.packages import Package
from skim_core.plugins.sources import normalized


def check_python(package: Package) -> Iterator[Finding]:
    """Yield a finding when a package is not for this version of Python."""
    try:
        wanted = SpecifierSet(package.requires_python)
    except InvalidSpecifier:
        return
    here = python_version()
    if not wanted.contains(here, prereleases=True):
        fault = (
            f"{package} needs Python {wanted}, this is {here}: make an environment with such a "
            f"Python and install skim-core and {package.name} there."
        )
        yield Finding(Cause.WRONG_PYTHON, fault)


def check_requirements(package: Package) -> Iterator[Finding]:
    """Yield a finding for everything that a package needs, and that needs, and isn't here."""
    seen: set[str] = set()
    pending = [(str(package), line) for line in package.requires]
    while pending:
        needed_by, line = pending.pop(0)
        requirement = _applying(line)
        if requirement is None or normalized(requirement.name) in seen:
            continue
        seen.add(normalized(requirement.name))
        try:
            found = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            fault = (
                f"{needed_by} needs {_written(requirement)}, which is not installed: "
                f"run 'pip install \"{_written(requirement)}\"'."
            )
            yield Finding(Cause.MISSING_DEPENDENCY, fault)
            continue
        if not requirement.specifier.contains(found.version, prereleases=True):
            yield _misfit(needed_by, requirement, found.version, package)
        name = f"{requirement.name} {found.version}"
        pending += [(name, more) for more in found.requires or ()]


def _misfit(needed_by: str, requirement: Requirement, found: str, package: Package) -> Finding:
    fault = f"{needed_by} needs {_written(requirement)}, but {found} is installed: "
    if normalized(requirement.name) == "skim-core":
        fault += (
            f"run 'pip install --upgrade {package.name}' for a version of it that knows skim-core "
            f"{found}, or 'pip install \"{_written(requirement)}\"' for a skim-core that it knows."
        )
    else:
        fault += f"run 'pip install \"{_written(requirement)}\"'."
    return Finding(Cause.WRONG_DEPENDENCY, fault)


def _applying(line: str) -> Requirement | None:
    """Return a requirement that holds here; None for one of an extra or another platform."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return None
    applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    return requirement if applies else None


def _written(requirement: Requirement) -> str:
    return f"{requirement.name}{requirement.specifier}"
