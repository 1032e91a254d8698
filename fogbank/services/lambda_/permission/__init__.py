"""The resource policies of functions."""
