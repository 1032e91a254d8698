"""The code of functions and layers: where it comes from, how it is kept, encrypted, signed, and fetched again."""
