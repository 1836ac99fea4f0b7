"""The page: one HTML file with its pictures, its style and its script in it."""
