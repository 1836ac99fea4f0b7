"""An error about an order is a question: TWS's books are the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skim_broker_ibkr.rules.notices import Meaning, meaning
from skim_core.errors import BrokerError

if TYPE_CHECKING:
    from skim_broker_ibkr.book import Entry
    from skim_broker_ibkr.books import Books
    from skim_broker_ibkr.hearing import OrderHearing
    from skim_broker_ibkr.requests import Requests
    from skim_broker_ibkr.told import ToldError
    from skim_broker_ibkr.waiting import Waiting

_log = logging.getLogger("skim.ibkr")


class Questions:
    """Looks what became of each order that TWS complained about.

    Only a complaint that refuses, of an order that TWS has never said anything else of and
    that its books don't show, means that the order was refused.
    """

    def __init__(
        self, requests: Requests, books: Books, hearing: OrderHearing, waiting: Waiting
    ) -> None:
        self._requests = requests
        self._books = books
        self._hearing = hearing
        self._waiting = waiting
        self._asked: dict[int, asyncio.Task[None]] = {}
        self._batches: dict[int, Sequence[Entry]] = {}

    def belong_together(self, batch: Sequence[Entry]) -> None:
        """Remember a bracket: when one of it is refused, the rest is taken back."""
        for entry in batch[1:]:
            self._batches[id(entry)] = batch

    def hear(self, entry: Entry, error: ToldError) -> None:
        """Take in an error about an order."""
        _log.warning("%s: %s (%s)", entry.reference, error.text, error.code)
        if meaning(error.code) is Meaning.WARNING or entry.done:
            return
        entry.complaint = f"{error.text} ({error.code})"
        if id(entry) not in self._asked:
            task = asyncio.create_task(self._ask(entry, error))
            self._asked[id(entry)] = task
            task.add_done_callback(lambda _: self._asked.pop(id(entry), None))

    def close(self) -> None:
        """Ask no more."""
        for task in self._asked.values():
            task.cancel()

    async def _ask(self, entry: Entry, error: ToldError) -> None:
        try:
            shown = entry in await self._books.orders()
            refused = meaning(error.code) is Meaning.REFUSAL and not entry.known_to_tws
            if refused and not shown:
                self._hearing.refuse(entry)
                await self._take_back(entry)
        except BrokerError as unanswered:
            _log.warning(
                "%s: what became of it could not be asked: %s", entry.reference, unanswered
            )
        self._waiting.fail(entry, entry.complaint)

    async def _take_back(self, refused: Entry) -> None:
        batch = self._batches.get(id(refused))
        if batch is None or batch[0].done:
            return
        head = batch[0]
        _log.warning("%s is cancelled: %s was refused", head.reference, refused.reference)
        await self._requests.order_turn()
        self._requests.ib.client.cancelOrder(head.label.order_id, "")
