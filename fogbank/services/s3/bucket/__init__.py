"""Buckets: their names, where they are, what is set on them as a whole."""
