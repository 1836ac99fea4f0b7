"""The doors between the pure parts and the world: protocols, hooks and the bus."""
