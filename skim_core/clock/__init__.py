"""Clocks: the wall, a faster wall, and virtual time."""
