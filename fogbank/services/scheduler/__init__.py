"""Amazon EventBridge Scheduler: schedules, their groups, and the invocation of any operation when they are due."""

from fogbank.services.scheduler import groups, invoking, resource_types, schedules
from fogbank.services.scheduler.service import service

__all__ = ["groups", "invoking", "resource_types", "schedules", "service"]
