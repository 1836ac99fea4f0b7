"""What can be wrong with a plugin, and how it is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Cause(StrEnum):
    """Every cause that ``skim doctor`` tells apart."""

    NOT_INSTALLED = "not_installed"
    NOT_INSTALLED_HERE = "not_installed_here"
    OTHER_ENVIRONMENT = "other_environment"
    WRONG_GROUP = "wrong_group"
    REINSTALL = "reinstall"
    NO_ENTRY_POINT = "no_entry_point"
    TWO_PACKAGES = "two_packages"
    SHADOWED = "shadowed"
    HIDDEN = "hidden"
    WRONG_PYTHON = "wrong_python"
    MISSING_DEPENDENCY = "missing_dependency"
    WRONG_DEPENDENCY = "wrong_dependency"
    API_TOO_NEW = "api_too_new"
    API_TOO_OLD = "api_too_old"
    BAD_ENTRY_POINT = "bad_entry_point"
    MISSING_MODULE = "missing_module"
    MISSING_ATTRIBUTE = "missing_attribute"
    RAISED = "raised"
    EXITED = "exited"
    DIED = "died"
    HUNG = "hung"
    BREAKS_CONTRACT = "breaks_contract"
    BLOCKED = "blocked"
    FAULTY_CONFIGURATION = "faulty_configuration"


WORDS: Mapping[Cause, str] = MappingProxyType(
    {
        Cause.NOT_INSTALLED: "nothing of that name is installed",
        Cause.NOT_INSTALLED_HERE: "the project in this folder declares it, but isn't installed",
        Cause.OTHER_ENVIRONMENT: "it is installed in another environment than skim",
        Cause.WRONG_GROUP: "its entry point is in a group that skim doesn't look at",
        Cause.REINSTALL: "its project says something else than what was installed",
        Cause.NO_ENTRY_POINT: "its package has no entry point of skim's",
        Cause.TWO_PACKAGES: "two packages have a plugin of that name",
        Cause.SHADOWED: "another copy of its package comes first on the import path",
        Cause.HIDDEN: "skim has a command or a phase of that name, which is the one that is run",
        Cause.WRONG_PYTHON: "its package is not for this version of Python",
        Cause.MISSING_DEPENDENCY: "something that it needs is not installed",
        Cause.WRONG_DEPENDENCY: "something that it needs has a version that doesn't fit",
        Cause.API_TOO_NEW: "it is written for a newer contract than this skim's",
        Cause.API_TOO_OLD: "it is written for a contract that this skim has no more",
        Cause.BAD_ENTRY_POINT: "its entry point names no module",
        Cause.MISSING_MODULE: "its entry point names a module that isn't there",
        Cause.MISSING_ATTRIBUTE: "its entry point names something that its module hasn't",
        Cause.RAISED: "it raises when it is imported",
        Cause.EXITED: "it ends the process that imports it",
        Cause.DIED: "the process that imports it dies",
        Cause.HUNG: "importing it doesn't end",
        Cause.BREAKS_CONTRACT: "a hook, the graph or the model of its settings is unsound",
        Cause.BLOCKED: "the configuration keeps it from being loaded",
        Cause.FAULTY_CONFIGURATION: "its section of the configuration is unsound",
    }
)
"""What each cause means."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what was found, and what to do, as a sentence."""

    cause: Cause
    fault: str

    @property
    def commands(self) -> list[str]:
        """The commands that the sentence names, which are quoted in it."""
        return re.findall(r"'((?:pip|skim|uv|\S+/python\S* -m pip) [^']+)'", self.fault)
