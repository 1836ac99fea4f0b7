"""Pure declarations: the nouns of a trading day. Imports nothing that does I/O."""
