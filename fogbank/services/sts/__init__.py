"""AWS Security Token Service: who am I, and whose key is this?"""

from fogbank.services.sts import callers
from fogbank.services.sts.service import service

__all__ = ["callers", "service"]
