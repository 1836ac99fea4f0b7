"""What goes wrong: by a script, from a test, or at run time. Seeded, so that it can be repeated."""
