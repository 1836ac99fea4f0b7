"""What a terminal or a page shows: running days, graphs and sweeps as they are drawn."""
