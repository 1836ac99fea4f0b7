"""What of the contract will go one day, and what takes its place.

A name or an argument that is deprecated stays what it was: it keeps its home in its public module, or
its place in its hook. Only its row here tells those who use it, and goes when it does: with the
oldest version of the contract that has it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deprecated:
    """One public name, or one argument of a hook.

    `name` is as in ``skim_core.testing.Tape`` or ``skim_scan.ctx``, `since` the version of the
    contract in which its end was told, `instead` what to use, as a name or in words.
    """

    name: str
    since: int
    instead: str

    def told(self, package: str, places: str) -> str:
        """Return what a package's author has to know, with where in it the name is used."""
        return (
            f"{package} uses {self.name} ({places}), deprecated since version {self.since} of the "
            f"plugin contract: use {self.instead} instead."
        )


DEPRECATED: tuple[Deprecated, ...] = ()
"""All that is deprecated now."""
