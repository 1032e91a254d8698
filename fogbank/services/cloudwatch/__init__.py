"""Amazon CloudWatch metrics and alarms: see docs/services/cloudwatch.md for what is real and what is not."""

from fogbank.services.cloudwatch import (
    alarm_states,
    alarms,
    anomaly_detectors,
    dashboards,
    insight_rules,
    points,
    putting,
    queries,
    reading,
    resource_types,
    tags,
)
from fogbank.services.cloudwatch.service import service

__all__ = [
    "alarm_states",
    "alarms",
    "anomaly_detectors",
    "dashboards",
    "insight_rules",
    "points",
    "putting",
    "queries",
    "reading",
    "resource_types",
    "service",
    "tags",
]
