"""What tests of strategies, brokers and stores need; public, for plugin authors too."""
