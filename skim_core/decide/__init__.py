"""Pure decisions: what to do next, given state and time. No I/O, no clock, no asyncio."""
