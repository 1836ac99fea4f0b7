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
from skim_core.ports.examination import BrokerFinding, Examinable, Examination, Severity

__all__ = [
    "Broker",
    "BrokerFinding",
    "BrokerNotice",
    "BrokerSetup",
    "CommissionSchedule",
    "Connection",
    "Examinable",
    "Examination",
    "Hold",
    "Model",
    "NoHold",
    "OpeningGroup",
    "OrderReport",
    "PacedClock",
    "SessionCalendar",
    "Severity",
    "TickBand",
    "Timer",
    "WallClock",
    "load_exchange",
    "sound",
]
