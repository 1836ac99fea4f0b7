"""Renders a new strategy's package from a template."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable

from skim_core.errors import ConfigError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_MARK = re.compile(r"@([a-z_]+)@")
_PLACES = {"package": "@package@", "gitignore": ".gitignore", "github": ".github"}
"""What stands in a template for a name that a package's files can't have, or not yet."""


class Template(StrEnum):
    """The templates, by what their strategy does."""

    MINIMAL = "minimal"
    BREAKOUT = "breakout"
    OWN_PHASES = "own-phases"


@dataclass(frozen=True)
class NewStrategy:
    """What a new package is made for.

    `source` is a one-file strategy that becomes its plugin module, in the place of a template.
    """

    name: str
    template: Template = Template.MINIMAL
    source: str | None = None

    @property
    def distribution(self) -> str:
        """The name of its distribution."""
        return f"skim-strategy-{self.name.replace('_', '-')}"

    @property
    def package(self) -> str:
        """The name of its import package."""
        return f"skim_strategy_{self.name}"


def strategy_name(text: str) -> str:
    """Return a strategy's name as it was meant: hyphens and capitals are forgiven.

    Raises ConfigError for what can't be one.
    """
    name = text.strip().lower().replace("-", "_").removeprefix("skim_strategy_")
    if keyword.iskeyword(name):
        msg = f"{text!r} is a word of Python's, so no strategy can have it: write another name."
        raise ConfigError(msg)
    if not _NAME.fullmatch(name):
        msg = (
            f"{text!r} can't be a strategy's name: write lower-case letters, digits and "
            "underscores, a letter first, 48 at most, such as gap_fade."
        )
        raise ConfigError(msg)
    return name


def render(new: NewStrategy) -> dict[str, str]:
    """Return the files of a new strategy's package: their text by their path in its folder."""
    folder = new.template.value if new.source is None else "file"
    root = resources.files("skim_core.scaffold") / "templates"
    parts = {"summary": "", "day": ""}
    for part in parts:
        parts[part] = (root / folder / f"{part}.md").read_text(encoding="utf-8").strip()
    words = {
        **parts,
        "name": new.name,
        "package": new.package,
        "distribution": new.distribution,
        "template": folder,
        "skim_version": version("skim-core"),
        "skim_range": _range(version("skim-core")),
        "docline": _docline(new.source or ""),
    }
    found = {
        _filled(_place(path), words): _filled(file.read_text(encoding="utf-8"), words)
        for base in ("common", folder)
        for path, file in _files(root / base)
    }
    if new.source is not None:
        found[f"{new.package}/plugin.py"] = new.source
    return dict(sorted(found.items()))


def _files(folder: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for file in folder.iterdir():
        path = f"{above}{file.name}"
        if file.is_dir():
            yield from _files(file, f"{path}/")
        elif path.endswith(".in"):
            yield path.removesuffix(".in"), file


def _place(path: str) -> str:
    first, slash, rest = path.partition("/")
    return f"{_PLACES.get(first, first)}{slash}{rest}"


def _filled(text: str, words: Mapping[str, str]) -> str:
    # Twice: what a template says of itself may hold the strategy's name.
    for _ in range(2):
        text = _MARK.sub(lambda mark: words.get(mark[1], mark[0]), text)
    return text


def _range(installed: str) -> str:
    """Return the versions of skim-core that a package made with this one may be used with.

    >>> _range("0.3.1"), _range("2.1.0")
    ('>=0.3,<0.4', '>=2.1,<3')
    """
    major, minor = (int(part) for part in re.findall(r"\d+", installed)[:2])
    return f">={major}.{minor},<0.{minor + 1}" if major == 0 else f">={major}.{minor},<{major + 1}"


def _docline(source: str) -> str:
    found = re.match(r'\s*(?:#[^\n]*\n\s*)*"""(.+?)(?:\n\s*\n|""")', source, re.DOTALL)
    return " ".join(found[1].split()) if found else "A strategy for skim."
