"""Tells people what happens in trading days."""
