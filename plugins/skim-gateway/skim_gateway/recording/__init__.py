"""Conversations of a client with a real gateway: written down, and compared with the simulator."""
