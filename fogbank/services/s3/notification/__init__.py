"""Telling others what happens in a bucket."""
