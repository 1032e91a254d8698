"""Event source mappings: queues and streams that are read for functions."""
