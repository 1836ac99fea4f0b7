"""What packages were promised is still there; what is promised newly is written down."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skim_core.ports.deprecation import DEPRECATED, Deprecated
from skim_core.ports.hookspecs import API_VERSION, OLDEST_API_VERSION

from .surface import recorded, surface, taken_away

HERE = Path(__file__).parent
KEPT = range(OLDEST_API_VERSION, API_VERSION + 1)


@pytest.mark.parametrize("version", KEPT)
def test_nothing_is_taken_from_packages_of_a_version_that_is_kept(version):
    broken = taken_away(recorded(version), surface())
    assert not broken, "\n".join(
        [
            f"packages written for version {version} of the contract would break:",
            *broken,
            "Keep the name and deprecate it (docs/contract.md); give a new field a default. To take "
            "it away all the same, raise API_VERSION and OLDEST_API_VERSION.",
        ]
    )


def test_what_is_new_is_recorded():
    new = sorted({*surface()} - {*recorded(API_VERSION)})
    assert not new, "\n".join(
        [
            f"not in the record of version {API_VERSION} of the contract:",
            *(f"+ {line}" for line in new),
            "Is it to be promised? Then: python tests/architecture/surface.py --record",
        ]
    )


@pytest.mark.parametrize(
    ("was", "then"),
    [
        ("skim_core.x(a: int) -> str", "skim_core.x(a: int, b: int) -> str"),
        ("skim_core.errors.E: class SkimError", "skim_core.errors.E: class BrokerError"),
        ("hook skim_scan.ctx: takes Context", "hook skim_scan.context: takes Context"),
        ("skim_core.X.y: field int = 1", "skim_core.X.y: field int"),
        ("skim_core.Side.BUY: value 'buy'", "skim_core.Side.BUY: value 'BUY'"),
    ],
)
def test_a_change_takes_something_away(was, then):
    assert f"- {was}" in taken_away(["skim_core.X: class", was], ["skim_core.X: class", then])


@pytest.mark.parametrize(
    ("new", "breaks"),
    [
        ("skim_core.X.z: field int", True),
        ("skim_core.X.z: field int = 1", False),
        ("skim_core.X.z(self) -> int", False),
        ("skim_core.Y: class", False),
        ("skim_core.Y.z: field int", False),
        ("skim_core.broker.Broker.z async (self, a: int) -> None", True),
        ("hook skim_scan.more: takes int", False),
    ],
)
def test_what_is_new_breaks_only_what_has_to_give_it(new, breaks):
    before = ["skim_core.X: class", "skim_core.broker.Broker: class", "hook skim_scan: one"]
    assert bool(taken_away(before, [*before, new])) is breaks


def gone(rows, lines):
    """Return the deprecated names that are in no line of a surface."""
    names = {re.split(r"[:( ]", line.removeprefix("hook "))[0] for line in lines}
    return [row.name for row in rows if row.name not in names]


def test_what_is_deprecated_is_still_there():
    made_up = [Deprecated("skim_core.Gone", 1, ""), Deprecated("skim_scan.gone", 1, "")]
    known = [Deprecated("skim_core.Tape", 1, ""), Deprecated("skim_scan.ctx", 1, "")]
    lines = ["skim_core.Tape: class", "hook skim_scan.ctx: takes Context[Any]"]
    assert gone([*known, *made_up], lines) == ["skim_core.Gone", "skim_scan.gone"]
    assert not gone(DEPRECATED, surface())


def test_the_surface_is_the_same_in_every_process():
    """Neither the order of sets nor an address in memory is in it."""
    command = [sys.executable, str(HERE / "surface.py")]
    told = {
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {"\n".join(surface()) + "\n"}
