"""State: the Store interface, its backends, and blobs."""
