"""Sweep: one strategy replayed with every combination of some settings' values."""
