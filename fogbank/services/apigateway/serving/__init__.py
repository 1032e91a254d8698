"""Requests to REST APIs, from the path to the answer."""
