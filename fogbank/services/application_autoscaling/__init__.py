"""Application Auto Scaling: the capacity of other services' resources follows metrics and schedules."""

from fogbank.services.application_autoscaling import (
    activities,
    policies,
    resource_types,
    scaling,
    scheduled,
    tags,
    targets,
)
from fogbank.services.application_autoscaling.service import service

__all__ = ["activities", "policies", "resource_types", "scaling", "scheduled", "service", "tags", "targets"]
