"""Whether a strategy is sound: numbered rules, each tried on the strategy itself."""
