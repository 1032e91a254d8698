"""The Resource Groups Tagging API: the tags of the resources of all services in one place. The way in is `operations.py`."""

from fogbank.services.resourcegroupstaggingapi import operations
from fogbank.services.resourcegroupstaggingapi.service import service

__all__ = ["operations", "service"]
