"""Orders as a TWS keeps them, and their way to the simulated exchange and back."""
