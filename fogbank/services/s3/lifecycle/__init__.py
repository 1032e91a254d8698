"""What time does to objects: expiration, transitions, archives and their restores."""
