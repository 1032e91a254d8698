"""Requests to HTTP APIs, from the path to the answer."""
