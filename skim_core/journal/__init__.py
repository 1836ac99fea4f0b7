"""Stores that keep the journal: SQLite, and memory for replays."""
