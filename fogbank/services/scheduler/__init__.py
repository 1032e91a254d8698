"""Amazon EventBridge Scheduler: schedules, their groups, and the invocation of any operation when they are due."""

from fogbank.services.scheduler import groups, invoking, schedules
from fogbank.services.scheduler.service import service

__all__ = ["groups", "invoking", "schedules", "service"]
