"""The people who halt trading on a simulated day, and take it back."""

from __future__ import annotations

from skim_core.errors import JournalError
from skim_core.model.controls import Halt, Resume
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.disk import Controlled, Disk
from skim_core.simulation.faults import Fault


class People:
    """Says to the journal on a disk what faults have people say."""

    def __init__(self, disk: Disk, clock: LoopClock) -> None:
        self._disk = disk
        self._clock = clock

    def halt(self, fault: Fault) -> None:
        """Halt the account, or a strategy."""
        self._say(
            Halt(
                at=self._clock.now(),
                account="paper",
                by="a person",
                why="enough",
                strategy="alpha" if fault.variant == "strategy" else None,
                flatten=fault.variant.endswith("flatten"),
            )
        )

    def resume(self, _fault: Fault) -> None:
        """Take every halt back."""
        self._say(Resume(at=self._clock.now(), account="paper", by="a person"))

    def _say(self, control: Halt | Resume) -> None:
        try:
            self._disk.refuse_writing(self._clock.loop.time())
        except JournalError:
            # The person sees the error, and nothing else happens.
            return
        self._disk.write(Controlled(control))
        self._disk.sync()
