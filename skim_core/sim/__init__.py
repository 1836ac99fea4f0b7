"""The simulated exchange and the broker in front of it, skim's embedded default."""
