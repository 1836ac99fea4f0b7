"""Sessions and rules of exchanges."""
