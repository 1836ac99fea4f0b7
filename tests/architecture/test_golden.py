"""A package that was written for a version of the contract is there for each, and stays as it was."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from skim_core.ports.hookspecs import API_VERSION, OLDEST_API_VERSION

GOLDEN = Path(__file__).parents[1] / "isolated" / "golden"
DIGESTS = dict(line.split() for line in (GOLDEN / "digests.txt").read_text().splitlines())
VERSIONS = [f"api_{version}" for version in range(OLDEST_API_VERSION, API_VERSION + 1)]


def digest(folder: Path) -> str:
    """Return a digest of all files of a package, with their places in it."""
    found = sha256()
    for file in sorted(folder.rglob("*")):
        place = file.relative_to(folder)
        left_behind = any(part.startswith((".", "__pycache__")) for part in place.parts)
        if file.is_file() and not left_behind:
            found.update(place.as_posix().encode() + b"\0")
            found.update(file.read_bytes() + b"\0")
    return found.hexdigest()


def test_every_version_that_is_kept_has_a_package():
    assert set(VERSIONS) == set(DIGESTS)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_never_edited(version):
    now = digest(GOLDEN / version)
    assert DIGESTS[version] == now, (
        f"{version} was edited: it is what authors wrote, so mend skim instead. As long as no "
        f"release has that version, write its new digest in digests.txt: {now}"
    )


def test_an_edit_is_seen(tmp_path):
    file = tmp_path / "plugin.py"
    file.write_text("a = 1\n")
    before = digest(tmp_path)
    file.write_text("a = 2\n")
    assert digest(tmp_path) != before
    file.write_text("a = 1\n")
    assert digest(tmp_path) == before
    file.rename(tmp_path / "other.py")
    assert digest(tmp_path) != before
