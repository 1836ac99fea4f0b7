"""skim's broker for Interactive Brokers, through TWS or IB Gateway."""
