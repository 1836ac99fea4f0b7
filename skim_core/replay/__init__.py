"""Replay: the very code that trades, over many sessions of history, as fast as it can."""
