"""AWS Resource Groups: resources that share tags, or a stack. The way in is `groups.py`."""

from fogbank.services.resource_groups import groups, members, resource_types, tags
from fogbank.services.resource_groups.service import service

__all__ = ["groups", "members", "resource_types", "service", "tags"]
