"""An event loop with virtual time and real sockets, both ends of which are in this process."""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress

from skim_core.simulation.agenda import Agenda
from skim_core.simulation.loop import SimulationLoop
from skim_core.simulation.process import current_process


class SocketAgenda(Agenda):
    """Looks at the sockets when nothing else is ready, and lets time move when they are quiet.

    Over loopback what was sent has arrived when the call that sends it returns, so quiet
    sockets have nothing under way. What has arrived for a suspended process waits; the
    sockets of a dead one are shut, as the system shuts them.
    """

    def __init__(self, step_limit, waiting):
        super().__init__(step_limit, waiting)
        self._sockets = selectors.DefaultSelector()

    def _wait(self):
        self._shut_those_of_the_dead()
        found = False
        for key, mask in self._sockets.select(0):
            for bit, handle in zip(
                (selectors.EVENT_READ, selectors.EVENT_WRITE), key.data, strict=True
            ):
                if mask & bit and handle is not None:
                    process = _owner(handle)
                    if process is None or not process.suspended:
                        self.add(handle, process)
                        found = True
        if not found:
            self._move_time()

    def _shut_those_of_the_dead(self):
        for key in list(self._sockets.get_map().values()):
            process = _owner(next(handle for handle in key.data if handle is not None))
            if process is not None and not process.alive:
                self._sockets.unregister(key.fileobj)
                end = socket.socket(fileno=key.fd)
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                # Its number is given back by the transport that has it.
                end.detach()

    def register(self, fileobj, events, data=None):
        return self._sockets.register(fileobj, events, data)

    def modify(self, fileobj, events, data=None):
        return self._sockets.modify(fileobj, events, data)

    def unregister(self, fileobj):
        return self._sockets.unregister(fileobj)

    def get_key(self, fileobj):
        return self._sockets.get_key(fileobj)

    def get_map(self):
        return self._sockets.get_map()

    def close(self):
        self._sockets.close()


def socket_loop(step_limit):
    """Return the loop."""
    return SimulationLoop(step_limit=step_limit, agenda=SocketAgenda)


def _owner(handle):
    return handle._context.get(current_process)
