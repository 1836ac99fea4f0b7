"""The trader's machine, whose processes trade over a socket."""

from __future__ import annotations

from skim_broker_ibkr.broker import IbkrBroker
from skim_broker_ibkr.options import read_options

from skim_core.ports.broker import BrokerSetup, Connection
from skim_core.simulation.machines import Machine

ACCOUNT = "DU1234567"


class WatchedIbkr(IbkrBroker):
    """Counts in `looks` how often the books were looked at since the line was taken up."""

    def __init__(self, setup, process, sends):
        super().__init__(setup, read_options(setup.options))
        self.looks, self.up = 0, False
        self._process, self._sends = process, sends
        self.subscribe(self._note)

    async def connect(self):
        await super().connect()
        self.up = True

    async def submit(self, orders):
        self._sends(self._process.name, orders)
        await super().submit(orders)

    async def executions(self):
        found = await super().executions()
        self.looks += 1
        return found

    def _note(self, notice):
        if isinstance(notice, Connection):
            self.looks, self.up = 0, notice.up


class IbkrMachine(Machine):
    """A machine with the broker ``ibkr``, which connects to `server`."""

    broker_name = "ibkr"

    def __init__(self, *arguments, server, session, rules, directory, **more):
        super().__init__(*arguments, **more)
        self.rules = rules
        self._server, self._session, self._directory = server, session, directory

    def _make_broker(self, process):
        host, port = self._server.address
        setup = BrokerSetup(
            account=ACCOUNT,
            clock=self.clock,
            exchange=self.rules,
            sessions=(self._session,),
            directory=self._directory / "ibkr",
            options={"host": host, "port": port},
        )
        return WatchedIbkr(setup, process, self._sends)
