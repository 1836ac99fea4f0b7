"""A server that speaks the TWS API in front of skim's simulated exchange."""
