"""Buckets as seen by browsers: websites and CORS."""
