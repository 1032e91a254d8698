"""Encryption at rest: which one, under which key, and the bytes themselves."""
