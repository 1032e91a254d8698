"""Uploads in parts, and by the forms of browsers."""
