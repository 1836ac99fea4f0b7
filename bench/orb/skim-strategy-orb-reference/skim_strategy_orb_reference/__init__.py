"""An opening-range breakout to compare engines with, trade by trade."""
