"""Fades opening gaps: a strategy for skim."""
