"""Objects and their versions: writing, reading, copying, deleting, listing, and what they carry besides their bytes."""
