"""Copies of what is written, kept in other buckets."""
