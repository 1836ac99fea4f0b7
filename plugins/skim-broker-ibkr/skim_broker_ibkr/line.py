"""The line to TWS: made, watched by whether TWS answers, and made again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from skim_broker_ibkr.errors import LineError, Stage
from skim_broker_ibkr.rules.gate import ALARM, Gate, backoff
from skim_broker_ibkr.rules.notices import Meaning, meaning
from skim_broker_ibkr.tap import Listener, TapIB
from skim_core.errors import BrokerError, SkimError

if TYPE_CHECKING:
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.requests import Requests
    from skim_broker_ibkr.told import ToldError
    from skim_core import Clock
    from skim_core.broker import Timer

_log = logging.getLogger("skim.ibkr")

_HEARTBEAT = timedelta(seconds=15)
"""How often TWS is asked whether it is there; a closed socket may never be told."""


class _ToldHere(logging.Filter):
    """Leaves out what ib_async's client says of a line that fails: it is told here, with its mend."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno < logging.ERROR or _log.isEnabledFor(logging.DEBUG)


_TOLD_HERE = _ToldHere()


class Line:
    """Keeps one connection to TWS, with the one client id.

    `synchronise` is awaited with each connection that stands; once it returns, `up` is
    called. `down` is called when the line was lost, with the reason, and once more when it
    has been down for too long.
    """

    def __init__(
        self,
        options: IbkrOptions,
        clock: Clock,
        gate: Gate,
        requests: Requests,
        *,
        listener: Listener,
        timezone: str,
    ) -> None:
        self._options = options
        self._timezone = options.gateway_timezone or timezone
        self._clock = clock
        self._gate = gate
        self._requests = requests
        self._listener = listener
        self._ib: TapIB | None = None
        self._refused: asyncio.Future[LineError] | None = None
        self.server_version = 0
        self._again: asyncio.Task[None] | None = None
        self._beat: Timer | None = None
        self._asked: asyncio.Task[None] | None = None
        self._lost_at: datetime | None = None
        self._closed = False
        self._making = False
        self.synchronise: Callable[[TapIB], Awaitable[None]] = _nothing
        self.up: Callable[[], None] = lambda: None
        self.down: Callable[[str], None] = lambda _: None

    @property
    def address(self) -> str:
        """Where TWS is."""
        return f"{self._options.host}:{self._options.port}"

    async def connect(self) -> None:
        """Make the connection. Raises BrokerError saying what to do, ConfigError."""
        self._closed = False
        await self._make()
        self.up()

    async def close(self) -> None:
        """Hang up, and don't connect again."""
        self._closed = True
        if self._beat is not None:
            self._beat.cancel()
        for task in (self._again, self._asked):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        self._hang_up()

    def drop(self, why: str) -> None:
        """Hang up on a connection that is no good, and make another one."""
        if self._ib is not None:
            self._hang_up()
            self._lose(why)

    def hear(self, told: ToldError) -> None:
        """Take in what TWS says of a connection that is being made."""
        waiting = self._refused
        if waiting is None or waiting.done():
            return
        if meaning(told.code) is Meaning.CLIENT_ID_TAKEN:
            why = (
                f"the client id {self._options.client_id} is in use at {self.address}: another "
                "program, or another skim, is connected with it. Stop that one, or set another "
                "client_id in [brokers.ibkr]; orders can only be changed by the id that placed "
                f"them. ({told.code})"
            )
            waiting.set_result(LineError(why, Stage.CLIENT_ID))

    # Making

    async def _make(self) -> None:
        ib = await self._open()
        self._ib = ib
        self._gate.connected()
        self._requests.use(ib)
        ib.client.apiEnd += self._on_end
        self._making = True
        try:
            await self.synchronise(ib)
        except BaseException:
            self._hang_up()
            self._gate.disconnected("the books of TWS could not be read")
            raise
        finally:
            self._making = False
        if self._ib is not ib:
            msg = f"the connection to TWS at {self.address} was lost while its books were read."
            raise BrokerError(msg)
        self._watch()

    async def _open(self) -> TapIB:
        options, ib = self._options, TapIB(self._listener)
        logging.getLogger("ib_async.client").addFilter(_TOLD_HERE)
        ib.TimezoneTWS = self._timezone
        ib.RaiseRequestErrors = True
        ib.wrapper.clientId = options.client_id
        refused = self._refused = asyncio.get_running_loop().create_future()

        def hung_up(said: str) -> None:
            if not refused.done():
                why = (
                    f"TWS at {self.address} hung up: it may still be starting, or not trust this "
                    "host (Configure, API, Settings, Trusted IPs)."
                )
                if "version must be" in said:
                    why = f"TWS at {self.address} is too old ({said}): update it."
                stage = Stage.LOGIN if ib.wrapper.greeted else Stage.GREETING
                refused.set_result(LineError(why, stage))

        # After the error that says why, which comes before the end in the same breath.
        ib.client.apiError += hung_up
        limit = options.connect_timeout.total_seconds()
        connecting = asyncio.ensure_future(
            ib.client.connectAsync(options.host, options.port, options.client_id, limit)
        )
        try:
            await asyncio.wait({connecting, refused}, return_when=asyncio.FIRST_COMPLETED)
            error = connecting.exception() if connecting.done() else None
            if error is None and connecting.done():
                return ib
            raise self._explained(ib, error, refused)
        finally:
            self.server_version = ib.client.serverVersion()
            self._refused = None
            ib.client.apiError -= hung_up
            if not connecting.done():
                connecting.cancel()
                await asyncio.wait({connecting})
            refused.cancel()

    def _explained(
        self, ib: TapIB, error: BaseException | None, refused: asyncio.Future[LineError]
    ) -> LineError:
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            # asyncio's own words name the address once more, as Python has it.
            refused_there = isinstance(error, ConnectionRefusedError)
            reason = "connection refused" if refused_there else error.strerror or str(error)
            why = (
                f"nothing listens at {self.address} ({reason}): start TWS or IB "
                "Gateway, and allow the API there (Configure, API, Settings, Enable ActiveX and "
                "Socket Clients; its socket port)."
            )
            return LineError(why, Stage.PORT)
        if isinstance(error, TimeoutError):
            limit = f"{self._options.connect_timeout.total_seconds():g} s"
            if ib.wrapper.greeted:
                why = (
                    f"TWS at {self.address} answers, but told no account within {limit}: it isn't "
                    "logged in, or waits for a second factor or a dialog."
                )
                return LineError(why, Stage.LOGIN)
            why = (
                f"something listens at {self.address}, but didn't greet as TWS within {limit}: "
                "TWS is still starting, asks on its screen whether to accept the connection, "
                "or this is another program's port."
            )
            return LineError(why, Stage.GREETING)
        if refused.done() and not refused.cancelled():
            return refused.result()
        return LineError(f"TWS at {self.address} could not be reached: {error!r}", Stage.PORT)

    # Losing

    def _on_end(self) -> None:
        if self._ib is not None:
            self._ib = None
            self._requests.use(None)
            self._lose("TWS closed the connection")

    def _hang_up(self) -> None:
        ib, self._ib = self._ib, None
        self._requests.use(None)
        if ib is None:
            return
        ib.client.apiEnd -= self._on_end
        # Whoever waits for an answer is told that there will be none.
        ib.wrapper.connectionClosed()
        ib.client.disconnect()

    def _lose(self, why: str) -> None:
        # While it is made, whoever makes it sees to what follows.
        if self._closed or self._making:
            return
        _log.warning("the line to TWS at %s is down: %s", self.address, why)
        if self._beat is not None:
            self._beat.cancel()
        self._gate.disconnected(why)
        self.down(why)
        if self._again is None or self._again.done():
            self._lost_at = self._clock.now()
            self._again = asyncio.create_task(self._connect_again())

    async def _connect_again(self) -> None:
        tries, alarmed = 0, False
        while not self._closed:
            tries += 1
            await self._clock.sleep_until(self._clock.now() + backoff(tries))
            try:
                await self._make()
            except SkimError as error:
                _log.warning("%s", error)
                self._gate.why_closed = str(error)
            else:
                _log.info("the line to TWS at %s is up again", self.address)
                self.up()
                return
            assert self._lost_at is not None
            down_for = self._clock.now() - self._lost_at
            if not alarmed and down_for >= ALARM:
                alarmed = True
                minutes = down_for.total_seconds() / 60
                _log.error("the line to TWS has been down for %.0f minutes", minutes)
                self.down(f"down for {minutes:.0f} minutes: {self._gate.why_closed}")

    # Watching

    def _watch(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
        self._beat = self._clock.call_at(self._clock.now() + _HEARTBEAT, self._ask)

    def _ask(self) -> None:
        if self._ib is None or self._closed:
            return
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._is_there(self._ib))
        self._watch()

    async def _is_there(self, ib: TapIB) -> None:
        try:
            await self._requests.current_time()
        except BrokerError as error:
            if self._ib is ib:
                self.drop(f"TWS doesn't answer any more ({error})")


async def _nothing(_: TapIB) -> None:
    """Do nothing: nobody has to be told."""
