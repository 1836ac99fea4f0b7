"""What clients may ask about the market: contracts, prices, bars, scans. Pure."""
