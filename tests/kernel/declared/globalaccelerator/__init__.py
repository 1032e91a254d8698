"""A service of nothing but declarations, to see what the model alone makes of them."""

from fogbank.services.globalaccelerator.service import service

__all__ = ["service"]
