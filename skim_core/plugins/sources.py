"""Where a distribution came from and where a module's file is, told without importing it."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit


class Origin(StrEnum):
    """How a distribution came into this environment."""

    INDEX = "index"
    EDITABLE = "editable"
    FOLDER = "folder"
    FILE = "file"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a distribution was installed from; `place` is a folder, an address or empty."""

    origin: Origin = Origin.INDEX
    place: str = ""

    def __str__(self) -> str:
        if self.origin is Origin.EDITABLE:
            return f"{self.place} (editable)"
        return self.place or "a package index"

    @property
    def folder(self) -> Path | None:
        """The project's folder, when that is on this machine."""
        local = self.origin in {Origin.EDITABLE, Origin.FOLDER}
        return Path(self.place) if local else None

    def reinstall(self, distribution: str) -> str:
        """Return the pip command that installs the distribution again as it was."""
        if self.origin is Origin.EDITABLE:
            return f"pip install -e {shlex.quote(self.place)}"
        if self.origin is Origin.FILE:
            return f"skim try {shlex.quote(self.place)}"
        what = shlex.quote(self.place) if self.place else distribution
        return f"pip install --force-reinstall {what}"


def source_of(distribution: metadata.Distribution) -> Source:
    """Return where a distribution was installed from.

    Installers write it down in ``direct_url.json`` (PyPA, "Recording the Direct URL Origin of
    installed distributions"); without that it came from an index. A password in an address is
    left out.
    """
    try:
        record = json.loads(distribution.read_text("direct_url.json") or "")
        parts = urlsplit(str(record["url"]))
        editable = bool(record.get("dir_info", {}).get("editable", False))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Source()
    if parts.scheme == "file":
        path = unquote(parts.path)
        if path.endswith(".py"):
            return Source(Origin.FILE, path)
        return Source(Origin.EDITABLE if editable else Origin.FOLDER, path)
    netloc = parts.netloc.rpartition("@")[2]
    return Source(Origin.ADDRESS, urlunsplit((parts.scheme, netloc, parts.path, "", "")))


def reinstall_command(distribution: str) -> str:
    """Return the pip command that installs an installed distribution again as it was."""
    try:
        source = source_of(metadata.distribution(distribution))
    except metadata.PackageNotFoundError:
        source = Source()
    return source.reinstall(distribution)


def normalized(name: str) -> str:
    """Return a distribution's name as names are compared (PyPA, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def module_file(name: str) -> Path | None:
    """Return the source file of a module, found without importing its packages; None without one.

    >>> module_file("skim_core.errors").name
    'errors.py'
    """
    path: Sequence[str] | None = None
    spec: ModuleSpec | None = None
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        if length > 1 and path is None:
            return None
        spec = _spec(".".join(parts[:length]), path)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    found = Path(spec.origin) if spec and spec.has_location and spec.origin else None
    return found if found is not None and found.suffix == ".py" else None


def _spec(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        spec = finder.find_spec(name, path)
        if spec is not None:
            return spec
    return None
