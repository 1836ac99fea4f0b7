"""What a terminal says: days, orders and figures in words for a trader.."""
