"""Holds strong closes over the night: a strategy for skim."""
