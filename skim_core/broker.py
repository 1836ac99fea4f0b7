"""What a broker's author needs beside `skim_core`: the protocol, what it tells, clocks and calendars.

A broker is a package whose entry point of the group ``skim.brokers`` implements `skim_make_broker`.
"""

from __future__ import annotations

from skim_core.calendar.exchanges import load_exchange
from skim_core.calendar.sessions import SessionCalendar
from skim_core.clock.wall import NoHold, PacedClock, WallClock
from skim_core.model.base import Model, sound
from skim_core.model.exchange import CommissionSchedule, OpeningGroup, TickBand
from skim_core.model.reports import OrderReport
from skim_core.ports.broker import Broker, BrokerNotice, BrokerSetup, Connection
from skim_core.ports.clock import Hold, Timer

__all__ = [
    "Broker",
    "BrokerNotice",
    "BrokerSetup",
    "CommissionSchedule",
    "Connection",
    "Hold",
    "Model",
    "NoHold",
    "OpeningGroup",
    "OrderReport",
    "PacedClock",
    "SessionCalendar",
    "TickBand",
    "Timer",
    "WallClock",
    "load_exchange",
    "sound",
]
