"""Opening-range-high breakout: a strategy for skim."""
